"""Service requests, from intake to support after delivery."""
