-- incident_response_seconds: from the opening to the first response; a clock that is wrong gives no less than 0.
-- The events of every incident up to the position, each read once (`offset 0`), and in the order of its life: the
-- opening, then by when they happened. What was told late was true then, though it changed nothing any more.
with recorded as (
  select stream, position, version, occurred_at, type, actor, data from log.told
  where starts_with(stream, 'incident/') and position <= %(position)s
  offset 0
),
telling as (
  select stream, position, version, occurred_at, type, actor, data ? 'observed' as observed,
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
-- It leaves `new` by the first event behind the opening that leads somewhere. Where another system told of that, it is
-- the response; otherwise the response is the first acknowledgement or start by anybody but a rule.
leaving as (
  select stream, min(rank) as rank from event
  where rank > 1 and type in ('incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                              'incident.reopened', 'incident.resolved', 'incident.closed', 'incident.cancelled',
                              'incident.marked_duplicate')
  group by stream
),
response as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at
  from event left join leaving using (stream)
  where (event.type in ('incident.acknowledged', 'incident.started') and not starts_with(event.actor, 'rule:'))
    or (event.observed and event.rank = leaving.rank)
  order by event.stream, event.rank
),
-- What was known of it at that event: every field as it was told last.
known as (
  select event.stream, jsonb_object_agg(key, value order by event.rank) as fields
  from response decided join event on event.stream = decided.stream and event.rank <= decided.rank
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by event.stream
)
select substr(response.stream, 10)::uuid as case_id, response.occurred_at as at,
  greatest(round(extract(epoch from response.occurred_at - opening.opened_at))::bigint, 0) as seconds,
  null::bigint as numerator, null::bigint as denominator,
  case void.type when 'incident.cancelled' then 'cancelled'
    when 'incident.marked_duplicate' then 'duplicate' end as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from response
join opening using (stream)
left join known using (stream)
left join void using (stream)
