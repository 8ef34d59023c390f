"""Services, and the catalogue items that users can request."""
