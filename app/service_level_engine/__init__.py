"""The SLA engine (pure): chooses the agreement of a case, and reads its clocks from the case's events."""
