-- parts: cases
-- incidents_resolved: every incident that has ended and not begun again, at its final resolution.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, null::bigint as numerator,
    null::bigint as denominator, false as standing
  from resolution
)
