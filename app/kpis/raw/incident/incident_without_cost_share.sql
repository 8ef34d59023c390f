-- incident_without_cost_share: the incidents with a final resolution, and of how many it is not known what they cost.
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
-- What was entered of work and cost, at whatever time, less what was taken back and what took it back.
entry as (
  select stream, told.key as name, told.value as said
  from recorded cross join lateral jsonb_each(data->'set') told
  where starts_with(told.key, 'work/') or starts_with(told.key, 'cost/')
),
kept as (
  select * from entry
  where said->>'reverses_id' is null
    and substr(name, 6) not in (select said->>'reverses_id' from entry where said->>'reverses_id' is not null)
),
-- The cost is known if there is work, all of it at a rate, and all in the organisation's currency.
cost as (
  select stream,
    round(100 * (coalesce(sum((said->>'minutes')::numeric * (said->>'rate')::numeric), 0) / 60
                 + coalesce(sum((said->>'amount')::numeric), 0))) as hundredths
  from kept
  group by stream
  having bool_or(starts_with(name, 'work/'))
    and bool_and(said->>'currency' is not null and said->>'currency' = %(currency)s)
    and bool_and(starts_with(name, 'cost/') or said->>'rate' is not null)
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
  null::bigint as seconds, case when cost.stream is null then 1 else 0 end as numerator, 1 as denominator,
  null as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from resolution
left join known using (stream)
left join cost using (stream)
