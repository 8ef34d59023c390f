"""Administration from pages: people, teams, keys, sources and the catalogue, without typed codes."""
