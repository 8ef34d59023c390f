-- parts: cases, open
-- The problems that are open at each of the instants `ends`; `at` is the instant. Numerator: whether its cause and a
-- workaround are known by then.
decided as (
  select alive.stream, null::bigint as rank, at, seconds,
    case when exists (select from event where event.stream = alive.stream and event.occurred_at < alive.at
        and type = 'problem.cause_identified')
      and exists (select from event where event.stream = alive.stream and event.occurred_at < alive.at
        and type = 'problem.workaround_documented') then 1 else 0 end as numerator, 1 as denominator, on_hold
  from alive
  where state not in ('resolved', 'closed', 'cancelled')
)
