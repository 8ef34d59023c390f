"""How services fare, in words for customers: from open incidents and the windows of changes."""
