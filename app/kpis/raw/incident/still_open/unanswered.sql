-- parts: cases, open
-- The incidents that are open and without a response at each of the instants `ends`; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state = 'open'
    and not exists (select from response where response.stream = alive.stream
                    and greatest(response.occurred_at, alive.opened_at) < alive.at)
)
