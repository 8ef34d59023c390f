"""What the registers of governance do by themselves."""
