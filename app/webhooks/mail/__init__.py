"""Mail in: a new mail opens a ticket, a reply is a comment."""
