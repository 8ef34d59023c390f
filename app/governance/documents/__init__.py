"""Documents of their own, as opposed to those that other records make; and the register of all documents."""
