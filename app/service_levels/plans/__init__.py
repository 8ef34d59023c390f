"""The yearly plan of agreements on service levels."""
