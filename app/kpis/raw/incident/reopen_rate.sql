-- reopen_rate: of all resolutions, those that the case left again, to be worked on, within seven days.
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
-- Everything that says where it stands, with what it said before. An episode begins with an end that follows something
-- else, and holds all ends up to the next thing that is none.
mark as (
  select stream, rank, occurred_at, type, type in ('incident.resolved', 'incident.closed') as ends,
    lag(type) over (partition by stream order by rank) in ('incident.resolved', 'incident.closed') as ended_before
  from event
  where type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held', 'incident.resumed',
                 'incident.reopened', 'incident.resolved', 'incident.closed', 'incident.cancelled',
                 'incident.marked_duplicate')
),
ending as (
  select stream, rank, occurred_at, type,
    count(*) filter (where not coalesce(ended_before, false)) over (partition by stream order by rank) as episode
  from mark where ends
),
-- Its resolution is the last `resolved` in it, or the last `closed` where nobody said `resolved`.
resolution as (
  select distinct on (stream, episode) stream, episode, rank, occurred_at
  from ending order by stream, episode, type = 'incident.resolved' desc, rank desc
),
-- What led away from it: the first that is no end, behind all ends of it.
leaving as (
  select distinct on (done.stream, done.episode) done.stream, done.episode, mark.type, mark.occurred_at
  from (select stream, episode, max(rank) as rank from ending group by stream, episode) done
  join mark on mark.stream = done.stream and mark.rank > done.rank
  order by done.stream, done.episode, mark.rank
),
-- What was known of it at that event: every field as it was told last.
known as (
  select event.stream, decided.episode, jsonb_object_agg(key, value order by event.rank) as fields
  from resolution decided join event on event.stream = decided.stream and event.rank <= decided.rank
  cross join lateral jsonb_each(told)
  where key in ('priority', 'team_id', 'service', 'category', 'channel', 'assignee_id', 'customer_id')
  group by event.stream, decided.episode
)
select substr(resolution.stream, 10)::uuid as case_id, resolution.occurred_at as at, null::bigint as seconds,
  case when leaving.type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                             'incident.resumed', 'incident.reopened')
    and leaving.occurred_at <= resolution.occurred_at + interval '168 hours' then 1 else 0 end as numerator,
  1 as denominator,
  case void.type when 'incident.cancelled' then 'cancelled'
    when 'incident.marked_duplicate' then 'duplicate' end as excluded,
  known.fields->>'priority' as priority, (known.fields->>'team_id')::uuid as team_id,
  known.fields->>'service' as service, known.fields->>'category' as category, known.fields->>'channel' as channel,
  (known.fields->>'assignee_id')::uuid as assignee_id, (known.fields->>'customer_id')::uuid as customer_id
from resolution
left join leaving using (stream, episode)
left join known using (stream, episode)
left join void using (stream)
