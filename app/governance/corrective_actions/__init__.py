"""Corrective actions: what findings, assessments, complaints and reviews lead to, until it is verified."""
