"""Sources: tools and mailboxes that are connected, with their secrets, pages and samples."""
