"""Documents of their own, beside those that other records make; and the register of all documents."""
