-- parts: cases, open
-- The changes that are implemented or backed out and whose review is overdue at each of the instants `ends`, with the time
-- since they were handed in; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, floor(extract(epoch from at - handing.since))::bigint as seconds, alive.on_hold
  from alive join handing using (stream)
  where alive.state in ('implemented', 'backed_out') and (
    select (told->>'review_due_at')::timestamptz from event
    where event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at) and told ? 'review_due_at'
    order by event.rank desc limit 1
  ) < alive.at
)
