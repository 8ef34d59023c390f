"""The rota: shifts, stand-ins, and the persons on duty."""
