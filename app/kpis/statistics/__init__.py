"""What statistics say of figures: how far they can be trusted, and what is a signal. Pure."""
