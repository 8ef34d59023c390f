"""Service levels: agreements with customers, teams and suppliers, and the clocks that measure them."""
