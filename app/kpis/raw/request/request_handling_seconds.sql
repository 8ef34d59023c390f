-- request_handling_seconds: of the requests of the standard path that were delivered for good, how long they were worked
-- on, holds taken away. In one step: since it was begun, if that was said; nothing, while somebody waited at the other end.
decided as (
  select stream, rank, at, round(coalesce(worked, greatest(extract(epoch from at - begun), 0), 0))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from (
    select ending.stream, ending.rank, ending.occurred_at as at,
      (select sum(extract(epoch from until - since)) from turn
       where turn.stream = ending.stream and turn.rank < ending.rank and turn.state = 'in_progress') as worked,
      (told.fields->>'started_at')::timestamptz as begun, told.fields
    from ending
    cross join lateral (
      select jsonb_object_agg(key, value order by event.rank) as fields from event cross join lateral jsonb_each(told)
      where event.stream = ending.stream and event.rank <= ending.rank and key in ('path', 'channel', 'started_at')
    ) told
  ) done
  where fields->>'path' = 'standard' and (worked is not null or begun is not null or fields->>'channel' in ('hotline', 'chat'))
)
