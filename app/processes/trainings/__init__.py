"""Trainings: planned from the gaps between skills needed and skills there, held, examined, licensed."""
