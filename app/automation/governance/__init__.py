"""Rules of the registers of governance."""
