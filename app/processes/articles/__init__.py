"""Knowledge articles."""
