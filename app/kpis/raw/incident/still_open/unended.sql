-- parts: cases, open
-- backlog: the incidents that are open at each of the instants `ends`; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, null::bigint as numerator,
    null::bigint as denominator, on_hold, true as standing
  from alive
  where state = 'open'
)
