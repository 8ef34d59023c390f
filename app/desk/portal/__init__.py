"""The portal: the pages of those who ask, in plain words, made with the desk's means."""
