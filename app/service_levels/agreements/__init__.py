"""Agreements on service levels: with customers (SLA), with internal teams (OLA) and with suppliers (UC)."""
