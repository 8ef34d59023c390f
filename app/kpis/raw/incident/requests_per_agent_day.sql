-- requests_per_agent_day, of incidents: every one that has ended and not begun again, at its final resolution, if whoever
-- held it then had had a hand in it.
-- The events of every incident up to the position, each read once (`offset 0`), and in the order of its life: the
-- opening, then by when they happened. What was told late was true then, though it changed nothing any more.
with recorded as (
  select stream, position, version, occurred_at, type, actor, data from log.told
  where starts_with(stream, 'incident/') and position <= %(position)s
  offset 0
),
telling as (
  select stream, position, version, occurred_at, type, actor,
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
-- Who held it, and for which team, after each event, whoever was named last; and since when its holders have had a hand in
-- it.
holding as (
  select *, max(told->>'assignee_id') over (partition by stream, naming) as holder,
    max(told->>'team_id') over (partition by stream, team_naming) as team
  from (
    select *, count(*) filter (where told ? 'assignee_id') over (partition by stream order by rank) as naming,
      count(*) filter (where told ? 'team_id') over (partition by stream order by rank) as team_naming
    from event
  ) named
),
hand as (
  select stream, holder, min(rank) as first_rank from holding where actor = 'person:' || holder group by stream, holder
)
select substr(stream, 10)::uuid as case_id, resolution.occurred_at as at, null::bigint as seconds,
  1::bigint as numerator, null::bigint as denominator, null as excluded, team::uuid as team_id,
  holder::uuid as assignee_id
from resolution join holding using (stream, rank) join hand using (stream, holder)
where first_rank <= rank
