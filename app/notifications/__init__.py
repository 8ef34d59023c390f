"""What goes out: people are told what happens to tickets that concern them."""
