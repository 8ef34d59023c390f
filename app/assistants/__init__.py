"""Tools for assistants (Model Context Protocol), over stdio and at `/mcp`, made from the contract."""
