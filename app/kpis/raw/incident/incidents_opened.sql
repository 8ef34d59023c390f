-- parts: cases, opening
-- incidents_opened: every incident that was reported, at its opening.
decided as (
  select stream, 1::bigint as rank, opened_at as at, null::bigint as seconds, null::bigint as numerator,
    null::bigint as denominator, false as standing, true as opening
  from opening
)
