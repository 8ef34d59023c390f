"""Rules of meetings and of what is voted on."""
