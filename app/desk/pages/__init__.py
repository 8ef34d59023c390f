"""Pages of the desk: their routes and templates."""
