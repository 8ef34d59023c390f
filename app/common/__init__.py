"""What kernel, api and processes all need: tables and pure functions. No lifecycles, no routers."""
