"""Tests of the words that people read: pages, forms, and the help of commands."""
