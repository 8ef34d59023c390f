-- first_contact_resolution: of the incidents that came from people and have a final resolution, those that whoever
-- answered first also resolved, with no other team, no hold, no further word of the requester, and never reopened.
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
-- Its last turn to something that is no end. What ended it since then is its final resolution: the last `resolved`, or
-- the last `closed` where nobody said `resolved`.
turn as (
  select stream, max(rank) as rank from event
  where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                 'incident.reopened', 'incident.cancelled', 'incident.marked_duplicate')
  group by stream
),
resolution as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at, event.actor, event.observed
  from event join turn on turn.stream = event.stream and event.rank > turn.rank
  where event.type in ('incident.resolved', 'incident.closed')
  order by event.stream, event.type = 'incident.resolved' desc, event.rank desc
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
  select distinct on (event.stream) event.stream, event.rank, event.actor
  from event left join leaving using (stream)
  where (event.type in ('incident.acknowledged', 'incident.started') and not starts_with(event.actor, 'rule:'))
    or (event.observed and event.rank = leaving.rank)
  order by event.stream, event.rank
),
-- The teams that it was given to, one after the other: each that differs from the one before it is a change.
named as (
  select stream, told->>'team_id' as team, row_number() over (partition by stream order by rank) as nth
  from event where told->>'team_id' is not null
),
move as (
  select distinct named.stream
  from named join named before on before.stream = named.stream and before.nth = named.nth - 1
  where named.team <> before.team
),
again as (
  select distinct event.stream from event
  join (select stream, min(rank) as rank from event where type in ('incident.resolved', 'incident.closed') group by stream)
    as ending on ending.stream = event.stream and event.rank > ending.rank
  where event.type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                       'incident.resumed', 'incident.reopened')
),
held as (
  select distinct event.stream from event join resolution using (stream)
  where event.type = 'incident.held' and event.rank < resolution.rank
),
-- Who had asked for it when something was said about it.
word as (
  select distinct on (said.stream, said.rank) said.stream, said.actor, asked.told->>'requester_id' as requester
  from event said join resolution on resolution.stream = said.stream and said.rank < resolution.rank
  join event asked on asked.stream = said.stream and asked.rank <= said.rank and asked.told ? 'requester_id'
  where said.type = 'incident.commented'
  order by said.stream, said.rank, asked.rank desc
),
asked_again as (
  select distinct stream from word where actor = 'person:' || requester
),
-- What was known of it at that event: every field as it was told last.
known as (
  select event.stream, jsonb_object_agg(key, value order by event.rank) as fields
  from resolution decided join event on event.stream = decided.stream and event.rank <= decided.rank
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by event.stream
)
select substr(resolution.stream, 10)::uuid as case_id, resolution.occurred_at as at,
  null::bigint as seconds,
  case when resolution.actor = response.actor and starts_with(resolution.actor, 'person:') and move.stream is null
    and again.stream is null and held.stream is null and asked_again.stream is null then 1 else 0 end as numerator,
  1 as denominator,
  null as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from resolution
left join known using (stream)
left join response using (stream)
left join move using (stream)
left join again using (stream)
left join held using (stream)
left join asked_again using (stream)
-- What another system tells, it does not say who did it.
where not resolution.observed and known.fields->>'channel' is distinct from 'monitoring'
