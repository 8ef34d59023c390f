-- parts: cases, open
-- The incidents that are open and were never resolved or closed before, at each of the instants `ends`.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, null::bigint as numerator,
    null::bigint as denominator, on_hold, true as standing
  from alive
  where state = 'open'
    and not exists (select from turn earlier where earlier.stream = alive.stream and earlier.rank < alive.rank
                    and earlier.state = 'ended')
)
