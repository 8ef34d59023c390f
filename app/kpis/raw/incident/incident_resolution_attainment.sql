-- incident_resolution_attainment: of the incidents that were resolved for good in less than 2 hours, or not by then, those
-- that were. One that was not counts at the instant at which the time ran out, whether or not it was resolved later.
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
-- It does not count if the last thing that happened to it is that it was cancelled, or found to repeat another one.
void as (
  select stream, type from (
    select distinct on (stream) stream, type from event
    where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                   'incident.reopened', 'incident.resolved', 'incident.closed', 'incident.cancelled',
                   'incident.marked_duplicate')
    order by stream, rank desc
  ) last_turn where type in ('incident.cancelled', 'incident.marked_duplicate')
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
-- Its last turn to something that is no end. What ended it since then is its final resolution: the last `resolved`, or
-- the last `closed` where nobody said `resolved`.
last_turn as (
  select stream, max(rank) as rank from event
  where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                 'incident.reopened', 'incident.cancelled', 'incident.marked_duplicate')
  group by stream
),
resolution as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at
  from event join last_turn on last_turn.stream = event.stream and event.rank > last_turn.rank
  where event.type in ('incident.resolved', 'incident.closed')
  order by event.stream, event.type = 'incident.resolved' desc, event.rank desc
),
due as (
  select stream, opened_at + interval '2 hours' as at from opening
),
-- Of those that were cancelled or found to repeat another one, those for which the time ran out before that.
waiting as (
  select due.stream from due
  join turn on turn.stream = due.stream and turn.since < due.at and turn.until >= due.at
  where turn.type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                      'incident.resumed', 'incident.reopened')
),
verdict as (
  select due.stream, resolution.rank, resolution.occurred_at as at, true as met
  from due join resolution using (stream) where resolution.occurred_at < due.at
  union all
  select due.stream, null, due.at, false
  from due left join resolution using (stream) left join void using (stream) left join waiting using (stream)
  where resolution.occurred_at >= due.at
    or (resolution.stream is null and (void.stream is null or waiting.stream is not null))
),
-- What was known of it at that event, or just before that instant: every field as it was told last.
known as (
  select verdict.stream, jsonb_object_agg(key, value order by event.rank) as fields
  from verdict join event on event.stream = verdict.stream
    and case when verdict.met then event.rank <= verdict.rank else event.rank = 1 or event.occurred_at < verdict.at end
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by verdict.stream
)
select substr(verdict.stream, 10)::uuid as case_id, verdict.at,
  null::bigint as seconds, case when verdict.met then 1 else 0 end as numerator, 1 as denominator,
  case void.type when 'incident.cancelled' then 'cancelled'
    when 'incident.marked_duplicate' then 'duplicate' end as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from verdict
left join known using (stream)
left join void using (stream)
where verdict.at < %(now)s
