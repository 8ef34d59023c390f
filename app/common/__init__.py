"""Tables and pure functions that the packages kernel, api and processes share. No lifecycles, no routers."""
