"""Findings of audits: violations, design faults and missing records, until corrected and verified."""
