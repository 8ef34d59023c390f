-- parts: cases, opening
-- requests_opened: the requests that were submitted.
decided as (
  select stream, 1::bigint as rank, opened_at as at, null::bigint as seconds, 1::bigint as numerator, 1::bigint as denominator, false as standing, true as opening
  from opening
)
