"""How processes really ran."""
