-- The requests that are open at each of the instants `ends`, and not yet assessed or begun; `at` is the instant.
decided as (
  select turn.stream, null::bigint as rank, moment.at, floor(extract(epoch from moment.at - turn.opened_at))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, true as standing
  from turn join unnest(%(ends)s::timestamptz[]) as moment(at) on turn.since < moment.at and turn.until >= moment.at
  where state not in ('delivered', 'closed', 'cancelled', 'rejected')
    and not exists (select from event where event.stream = turn.stream and event.occurred_at < moment.at
                    and type in ('request.assessed', 'request.started'))
)
