-- parts: cases, open
-- The changes that are handed in and neither implemented nor given up at each of the instants `ends`, with the time since
-- they were handed in; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, floor(extract(epoch from at - handing.since))::bigint as seconds, alive.on_hold
  from alive join handing using (stream)
  where alive.state not in ('draft', 'implemented', 'backed_out', 'closed', 'rejected', 'cancelled')
)
