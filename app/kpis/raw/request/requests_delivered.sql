-- parts: cases
-- requests_delivered: the requests that were delivered for good.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, 1::bigint as numerator, 1::bigint as denominator, false as standing
  from ending
)
