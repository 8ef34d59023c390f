-- parts: cases, open
-- The requests that are open at each of the instants `ends`, and not yet assessed or begun; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state not in ('delivered', 'closed', 'cancelled', 'rejected')
    and not exists (select from event where event.stream = alive.stream and event.occurred_at < alive.at
                    and type in ('request.assessed', 'request.started'))
)
