-- The incidents that are open and were never resolved or closed before, at each of the instants `ends`.
-- The events of every incident up to the position, each read once (`offset 0`), and in the order of its life: the
-- opening, then by when they happened. What was told late was true then, though it changed nothing any more.
with recorded as (
  select stream, position, version, occurred_at, type, data from log.told
  where starts_with(stream, 'incident/') and position <= %(position)s
  offset 0
),
telling as (
  select stream, position, version, occurred_at, type,
    (data->'set'->stream->>'opened_at')::timestamptz as opened_at,
    coalesce(data->'late'->stream, '{}') || coalesce(data->'set'->stream, '{}')
      - array['title', 'description', 'resolution', 'cause'] as said
  from recorded
  offset 0
),
-- What came to be known later of its opening: what was told of the time to which that was moved.
moved as (
  select distinct on (stream) stream, said as retold from telling
  where version > 1 and occurred_at <= opened_at order by stream, version desc
),
event as (
  select *, case when version = 1 then said || coalesce(retold, '{}') else said end as told,
    row_number() over (partition by stream order by version <> 1, occurred_at, position) as rank
  from telling left join moved using (stream)
),
-- When it was opened is what was recorded last of that.
opening as (
  select distinct on (stream) stream, coalesce(opened_at, occurred_at) as opened_at
  from event where version = 1 or opened_at is not null order by stream, version desc
),
-- Its turns, each from when it took effect (nothing does before the opening) up to the next.
turn as (
  select stream, rank, type, since, lead(since, 1, 'infinity') over (partition by stream order by rank) as until
  from (
    select event.stream, event.rank, event.type,
      case when event.rank = 1 then opening.opened_at else greatest(occurred_at, opening.opened_at) end as since
    from event join opening using (stream)
    where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                   'incident.reopened', 'incident.resolved', 'incident.closed', 'incident.cancelled',
                   'incident.marked_duplicate')
      -- No way leads out of cancelled: where the case goes on, that was taken back.
      and not (type = 'incident.cancelled' and exists (
        select from event later where later.stream = event.stream and later.rank > event.rank
        and later.type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                           'incident.resumed', 'incident.reopened', 'incident.resolved', 'incident.closed',
                           'incident.marked_duplicate')))
  ) turned
),
-- Those that stand so just before an instant: what happens at it belongs to the next period.
alive as (
  select turn.stream, moment.at from turn
  join unnest(%(ends)s::timestamptz[]) as moment(at) on turn.since < moment.at and turn.until >= moment.at
  where turn.type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                      'incident.resumed', 'incident.reopened')
    and not exists (select from turn earlier where earlier.stream = turn.stream and earlier.rank < turn.rank
                    and earlier.type in ('incident.resolved', 'incident.closed'))
),
known as (
  select alive.stream, alive.at, jsonb_object_agg(key, value order by event.rank) as fields
  from alive join event on event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at)
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by alive.stream, alive.at
)
select substr(alive.stream, 10)::uuid as case_id, alive.at,
  floor(extract(epoch from alive.at - opening.opened_at))::bigint as seconds, null::bigint as numerator, null::bigint as denominator,
  null as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from alive
join opening using (stream)
left join known using (stream, at)
