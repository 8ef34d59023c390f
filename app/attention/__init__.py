"""What needs attention: sentences about what is wrong now, missed, changed or stuck, each with its cases."""
