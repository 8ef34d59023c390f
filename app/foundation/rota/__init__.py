"""The rota: shifts, stand-ins, and who is on duty."""
