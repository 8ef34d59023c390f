-- parts: cases
-- incident_response_seconds: from the opening to the first response; a clock that is wrong gives no less than 0. Numerator: the
-- same in business time. A P1 is answered round the clock.
by_clock as (
  select response.stream, coalesce(sum(counted.seconds), 0) as seconds
  from response join clock on clock.stream = response.stream and clock.metric = 'response' and not clock.excluded
  left join clock_run run on run.stream = response.stream and run.metric = 'response' and run.from_at < response.occurred_at
  left join lateral business_time.seconds_between(run.version, run.from_at, least(run.until, response.occurred_at)) counted on true
  group by response.stream
),
urgent as (
  select stream, (array_agg(told->>'priority' order by event.rank desc))[1] is not distinct from 'P1' as urgent
  from response join event using (stream) where event.rank <= response.rank and told ? 'priority' group by stream
),
decided as (
  select stream, rank, occurred_at as at, greatest(elapsed, 0) as seconds,
    greatest(coalesce(case when elapsed >= 0 and urgent is not true then coalesce(by_clock.seconds, counted.seconds) end, elapsed), 0)::bigint
      as numerator, elapsed < 0 as skewed
  from (
    select response.*, opened_at, round(extract(epoch from occurred_at - opened_at))::bigint as elapsed
    from response join opening using (stream)
  ) response
  join by_hours using (stream, rank) left join by_clock using (stream) left join urgent using (stream)
  cross join lateral business_time.seconds_between(version, opened_at, occurred_at) counted
)
