-- parts: cases, ratings
-- csat_response_rate: the cases whose requester was asked to rate them, when they were asked first; numerator: whether they
-- did within 30 days.
decided as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at as at,
    case when first_rating.occurred_at <= event.occurred_at + interval '720 hours' then 1 else 0 end as numerator,
    1 as denominator
  from event left join first_rating on first_rating.stream = event.stream
  where event.type = '{process}.rating_asked'
  order by event.stream, event.rank
)
