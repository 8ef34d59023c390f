"""Points that persons are given for findings of audits and for delays: never money, and theirs alone."""
