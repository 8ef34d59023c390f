"""Assignment rules: which team and which person unassigned tickets go to."""
