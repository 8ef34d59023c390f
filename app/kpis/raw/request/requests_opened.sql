-- parts: cases, opening
-- requests_opened: the requests that were submitted.
decided as (
  select stream, 1::bigint as rank, opened_at as at, 1 as numerator, 1 as denominator, true as opening
  from opening
)
