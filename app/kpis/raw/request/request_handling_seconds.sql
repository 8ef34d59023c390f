-- parts: cases
-- request_handling_seconds: of the requests of the standard path that were delivered for good, how long they were worked
-- on, holds taken away. In one step: since it was begun, if that was said; nothing, while somebody waited at the other end.
-- Numerator: the same in business time.
worked as (
  select ending.stream, sum(extract(epoch from turn.until - turn.since)) as worked,
    case when count(*) = count(counted.seconds) then sum(counted.seconds) end as business
  from ending join by_hours using (stream, rank)
  join turn on turn.stream = ending.stream and turn.rank < ending.rank and turn.state = 'in_progress'
  cross join lateral business_time.seconds_between(version, turn.since, turn.until) counted
  group by ending.stream
),
decided as (
  select stream, rank, at, elapsed as seconds,
    greatest(coalesce(case when worked is null then counted.seconds else business end, elapsed), 0)::bigint as numerator
  from (
    select ending.stream, ending.rank, version, ending.occurred_at as at, worked, business, begun, told.fields,
      round(coalesce(worked, greatest(extract(epoch from ending.occurred_at - begun), 0), 0))::bigint as elapsed
    from ending join by_hours using (stream, rank) left join worked using (stream)
    cross join lateral (
      select jsonb_object_agg(key, value order by event.rank) as fields from event cross join lateral jsonb_each(told)
      where event.stream = ending.stream and event.rank <= ending.rank and key in ('path', 'channel', 'started_at')
    ) told
    cross join lateral (select (told.fields->>'started_at')::timestamptz as begun) said
  ) done
  cross join lateral business_time.seconds_between(version, begun, at) counted
  where fields->>'path' = 'standard' and (worked is not null or begun is not null or fields->>'channel' in ('hotline', 'chat'))
)
