"""Directories and secret files of an installation."""
