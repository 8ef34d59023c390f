-- standard_lead_seconds: of the requests of the standard path that were delivered for good, how long after they were
-- submitted.
-- Numerator: the same in business time.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - ending.opened_at))::bigint as seconds,
    case when counted.seconds is null or occurred_at < ending.opened_at
      then round(extract(epoch from occurred_at - ending.opened_at))::bigint else counted.seconds end as numerator,
    null::bigint as denominator, false as standing
  from ending join by_hours using (stream, rank)
  cross join lateral business_time.seconds_between(version, ending.opened_at, occurred_at) counted
  where (
    select told->>'path' from event
    where event.stream = ending.stream and event.rank <= ending.rank and told ? 'path' order by event.rank desc limit 1
  ) = 'standard'
)
