-- parts: cases
-- request_response_seconds: of the requests that were assessed or begun for the first time, how long after they were
-- submitted. Numerator: the same in business time.
first_response as (
  select distinct on (stream) stream, rank, occurred_at as at, opening.opened_at,
    round(extract(epoch from occurred_at - opening.opened_at))::bigint as elapsed
  from event join opening using (stream)
  where type in ('request.assessed', 'request.started') order by stream, rank
),
by_clock as (
  select response.stream, coalesce(sum(counted.seconds), 0) as seconds
  from first_response response join clock on clock.stream = response.stream and clock.metric = 'response' and not clock.excluded
  left join clock_run run on run.stream = response.stream and run.metric = 'response' and run.from_at < response.at
  left join lateral business_time.seconds_between(run.version, run.from_at, least(run.until, response.at)) counted on true
  group by response.stream
),
decided as (
  select stream, rank, at, greatest(elapsed, 0) as seconds,
    greatest(coalesce(by_clock.seconds, counted.seconds, elapsed), 0)::bigint as numerator, elapsed < 0 as skewed
  from first_response left join by_clock using (stream)
  join by_hours using (stream, rank) cross join lateral business_time.seconds_between(version, opened_at, at) counted
)
