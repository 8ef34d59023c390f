-- parts: cases, open
-- The requests that are open at each of the instants `ends` and are projects by then; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state not in ('delivered', 'closed', 'cancelled', 'rejected') and (
    select told->>'path' from event
    where event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at) and told ? 'path'
    order by event.rank desc limit 1
  ) = 'project'
)
