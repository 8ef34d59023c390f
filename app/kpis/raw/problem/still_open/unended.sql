-- The problems that are open at each of the instants `ends`; `at` is the instant. Numerator: whether its cause and a
-- workaround are known by then.
decided as (
  select turn.stream, null::bigint as rank, moment.at, floor(extract(epoch from moment.at - turn.opened_at))::bigint as seconds,
    case when exists (select from event where event.stream = turn.stream and event.occurred_at < moment.at
        and type = 'problem.cause_identified')
      and exists (select from event where event.stream = turn.stream and event.occurred_at < moment.at
        and type = 'problem.workaround_documented') then 1 else 0 end::bigint as numerator, 1::bigint as denominator, true as standing
  from turn join unnest(%(ends)s::timestamptz[]) as moment(at) on turn.since < moment.at and turn.until >= moment.at
  where state not in ('resolved', 'closed', 'cancelled')
)
