-- parts: cases, open
-- The services that are live at each of the instants `ends`; `at` is the instant. Numerator: whether an SLA was in force just before.
decided as (
  select alive.stream, null::bigint as rank, alive.at, seconds, exists (
      select from in_force
      where begins_at < alive.at and ends_at >= alive.at and begins_at < ends_at and (services is null or services ? (
        select told->>'key' from event
        where event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at) and told ? 'key'
        order by event.rank desc limit 1))
    )::integer as numerator, 1 as denominator, on_hold
  from alive where state = 'live'
)
