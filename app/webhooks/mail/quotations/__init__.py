"""What of a mail is quoted: of others, and of our own notices."""
