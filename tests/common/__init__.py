"""Pure modules that every process stands on."""
