-- parts: cases, ratings
-- csat_sampling_rate: the cases whose requester was asked to rate them, when they were asked first.
decided as (
  select distinct on (stream) stream, rank, occurred_at as at, 1 as numerator, 1 as denominator
  from event where type = '{process}.rating_asked'
  order by stream, rank
)
