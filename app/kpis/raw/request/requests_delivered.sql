-- parts: cases
-- requests_delivered: the requests that were delivered for good.
decided as (
  select stream, rank, occurred_at as at, 1 as numerator, 1 as denominator from ending
)
