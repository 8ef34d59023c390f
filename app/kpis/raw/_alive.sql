-- What definitions of what is still open begin with besides: the turns in which cases stand at each of the instants `ends`,
-- just before it, since what happens at it belongs to the next period; and for how long they had been open then.
alive as (
  select turn.*, moment.at, floor(extract(epoch from moment.at - turn.opened_at))::bigint as seconds
  from turn join unnest(%(ends)s::timestamptz[]) as moment(at) on turn.since < moment.at and turn.until >= moment.at
),
