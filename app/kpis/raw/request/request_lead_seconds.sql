-- parts: cases
-- request_lead_seconds: of the requests that were delivered for good, how long after they were submitted.
-- Numerator: the same in business time.
by_clock as (
  select ending.stream, coalesce(sum(counted.seconds), 0) as seconds
  from ending join clock on clock.stream = ending.stream and clock.metric = 'fulfilment' and not clock.excluded
  left join clock_run run on run.stream = ending.stream and run.metric = 'fulfilment' and run.from_at < ending.occurred_at
  left join lateral business_time.seconds_between(run.version, run.from_at, least(run.until, ending.occurred_at)) counted on true
  group by ending.stream
),
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - ending.opened_at))::bigint as seconds,
    case when coalesce(by_clock.seconds, counted.seconds) is null or occurred_at < ending.opened_at
      then round(extract(epoch from occurred_at - ending.opened_at)) else coalesce(by_clock.seconds, counted.seconds) end::bigint
      as numerator,
    null::bigint as denominator, false as standing
  from ending join by_hours using (stream, rank) left join by_clock using (stream)
  cross join lateral business_time.seconds_between(version, ending.opened_at, occurred_at) counted
)
