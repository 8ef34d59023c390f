"""Forms of actions on pages: the screen, what was sent, and the files that are sent along."""
