-- parts: cases
-- incident_resolution_seconds: from the opening to the final resolution. Numerator: the same in business time, while it was not
-- resolved.
by_clock as (
  select resolution.stream, coalesce(sum(counted.seconds), 0) as seconds
  from resolution join clock on clock.stream = resolution.stream and clock.metric = 'resolution' and not clock.excluded
  left join clock_run run on run.stream = resolution.stream and run.metric = 'resolution' and run.from_at < resolution.occurred_at
  left join lateral business_time.seconds_between(run.version, run.from_at, least(run.until, resolution.occurred_at)) counted on true
  group by resolution.stream
),
by_turn as (
  select resolution.stream, case when count(*) = count(counted.seconds) then sum(counted.seconds) end as seconds
  from resolution join by_hours using (stream, rank)
  join turn on turn.stream = resolution.stream and turn.state = 'open' and turn.since < resolution.occurred_at
  cross join lateral business_time.seconds_between(version, turn.since, least(turn.until, resolution.occurred_at)) counted
  group by resolution.stream
),
decided as (
  select stream, rank, occurred_at as at, elapsed as seconds,
    case when elapsed < 0 then elapsed else coalesce(by_clock.seconds, by_turn.seconds, elapsed) end::bigint as numerator
  from (
    select resolution.*, round(extract(epoch from occurred_at - opened_at))::bigint as elapsed
    from resolution join opening using (stream)
  ) resolution
  left join by_clock using (stream) left join by_turn using (stream)
)
