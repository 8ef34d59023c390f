-- request_lead_seconds: of the requests that were delivered for good, how long after they were submitted.
-- Numerator: the same in business time.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - ending.opened_at))::bigint as seconds,
    case when counted.seconds is null or occurred_at < ending.opened_at
      then round(extract(epoch from occurred_at - ending.opened_at))::bigint else counted.seconds end as numerator,
    null::bigint as denominator, false as standing
  from ending join by_hours using (stream, rank)
  cross join lateral business_time.seconds_between(version, ending.opened_at, occurred_at) counted
)
