-- parts: cases
-- incidents_resolved: every incident that has ended and not begun again, at its final resolution.
decided as (
  select stream, rank, occurred_at as at from resolution
)
