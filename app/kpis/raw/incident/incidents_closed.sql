-- incidents_closed: every incident that was ever closed, at the last time.
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
closing as (
  select distinct on (stream) stream, rank, occurred_at from event
  where type in ('incident.closed', 'incident.marked_duplicate') order by stream, rank desc
),
-- What was known of it at that event: every field as it was told last.
known as (
  select event.stream, jsonb_object_agg(key, value order by event.rank) as fields
  from closing decided join event on event.stream = decided.stream and event.rank <= decided.rank
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by event.stream
)
select substr(closing.stream, 10)::uuid as case_id, closing.occurred_at as at,
  null::bigint as seconds, null::bigint as numerator, null::bigint as denominator,
  case void.type when 'incident.cancelled' then 'cancelled'
    when 'incident.marked_duplicate' then 'duplicate' end as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from closing
left join known using (stream)
left join void using (stream)
