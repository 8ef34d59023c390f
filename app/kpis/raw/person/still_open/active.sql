-- parts: cases, open
-- The persons that are active at each of the instants `ends`; `at` is the instant. Accounts of machines are nobody.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state = 'active' and not exists (
    select from event where event.stream = alive.stream and told->>'kind' = 'machine')
)
