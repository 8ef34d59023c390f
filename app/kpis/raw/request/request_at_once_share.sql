-- parts: cases
-- request_at_once_share: of the requests of the standard path that were delivered for good and of which it is known when
-- they were begun, those that were delivered within 10 seconds of it.
decided as (
  select stream, rank, at, case when at < begun_at + interval '10 seconds' then 1 else 0 end as numerator, 1 as denominator
  from (
    select ending.stream, ending.rank, ending.occurred_at as at, told.fields->>'path' as path,
      coalesce((select min(since) from turn
        where turn.stream = ending.stream and turn.rank < ending.rank and turn.state = 'in_progress'),
        (told.fields->>'started_at')::timestamptz) as begun_at
    from ending
    cross join lateral (
      select jsonb_object_agg(key, value order by event.rank) as fields from event cross join lateral jsonb_each(told)
      where event.stream = ending.stream and event.rank <= ending.rank and key in ('path', 'started_at')
    ) told
  ) done
  where path = 'standard' and begun_at is not null
)
