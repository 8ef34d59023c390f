"""The page of a record: a conversation if it is a ticket, else its facts and timeline."""
