-- parts: cases, open
-- The problems that are open at each of the instants `ends` and whose cause is not known by then; `at` is the instant.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, on_hold
  from alive
  where state not in ('resolved', 'closed', 'cancelled')
    and not exists (select from event where event.stream = alive.stream and event.occurred_at < alive.at
                    and type = 'problem.cause_identified')
)
