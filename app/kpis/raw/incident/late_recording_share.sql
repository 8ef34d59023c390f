-- late_recording_share: of the openings and final resolutions of incidents, those recorded more than a day later; imports
-- apart.
-- The events of every incident up to the position, each read once (`offset 0`), and in the order of its life: the
-- opening, then by when they happened. What was told late was true then, though it changed nothing any more.
with recorded as (
  select stream, position, version, occurred_at, recorded_at, source, type, data from log.told
  where starts_with(stream, 'incident/') and position <= %(position)s
  offset 0
),
telling as (
  select stream, position, version, occurred_at, recorded_at, source, type,
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
-- Its last turn to something that is no end. What ended it since then is its final resolution: the last `resolved`, or
-- the last `closed` where nobody said `resolved`.
turn as (
  select stream, max(rank) as rank from event
  where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                 'incident.reopened', 'incident.cancelled', 'incident.marked_duplicate')
  group by stream
),
resolution as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at
  from event join turn on turn.stream = event.stream and event.rank > turn.rank
  where event.type in ('incident.resolved', 'incident.closed')
  order by event.stream, event.type = 'incident.resolved' desc, event.rank desc
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
entry as (
  select event.stream, event.rank, event.recorded_at, event.recorded_at - opening.opened_at as delay
  from event join opening using (stream) where event.rank = 1 and not starts_with(event.source, 'import:')
  union all
  select event.stream, event.rank, event.recorded_at, event.recorded_at - event.occurred_at
  from resolution join event using (stream, rank) where not starts_with(event.source, 'import:')
),
-- What was known of it at that event: every field as it was told last.
known as (
  select event.stream, decided.rank, jsonb_object_agg(key, value order by event.rank) as fields
  from entry decided join event on event.stream = decided.stream and event.rank <= decided.rank
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by event.stream, decided.rank
)
select substr(entry.stream, 10)::uuid as case_id, entry.recorded_at as at,
  null::bigint as seconds,
  case when round(extract(epoch from entry.delay)) > 86400 then 1 else 0 end as numerator, 1 as denominator,
  case void.type when 'incident.cancelled' then 'cancelled'
    when 'incident.marked_duplicate' then 'duplicate' end as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from entry
left join known using (stream, rank)
left join void using (stream)
