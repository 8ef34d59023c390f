-- parts: cases, open
-- The requests that are open at each of the instants `ends`; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state not in ('delivered', 'closed', 'cancelled', 'rejected')
)
