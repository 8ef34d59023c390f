"""Text blocks: answers that recur, with placeholders for what differs from ticket to ticket."""
