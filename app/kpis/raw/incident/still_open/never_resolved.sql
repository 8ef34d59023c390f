-- parts: cases, open
-- The incidents that are open and were never resolved or closed before, at each of the instants `ends`.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state = 'open'
    and not exists (select from turn earlier where earlier.stream = alive.stream and earlier.rank < alive.rank
                    and earlier.state = 'ended')
)
