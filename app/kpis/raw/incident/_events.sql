-- Where an event left it: `open`, `ended`, or with nothing more to do (`cancelled`, `duplicate`).
-- All other events leave it where it was.
stand as (
  select stream, rank, occurred_at, actor, observed, type,
    case when type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                       'incident.resumed', 'incident.reopened') then 'open'
      when type in ('incident.resolved', 'incident.closed') then 'ended'
      when type = 'incident.cancelled' then 'cancelled'
      when type = 'incident.marked_duplicate' then 'duplicate' end as state,
    type = 'incident.held' or (type = 'incident.reopened' and coalesce(told->>'state' = 'on_hold', false)) as on_hold
  from event
),
last_turn as (
  select distinct on (stream) stream, state from stand where state is not null order by stream, rank desc
),
-- Its turns, each from when it took effect (nothing does before the opening) up to the next.
turn as (
  select *, lead(since, 1, 'infinity') over (partition by stream order by rank) as until
  from (
    select stand.stream, stand.rank, stand.type, stand.state, stand.on_hold, opening.opened_at,
      case when stand.rank = 1 then opening.opened_at else greatest(occurred_at, opening.opened_at) end as since
    from stand join opening using (stream)
    where state is not null
      -- No way leads out of cancelled: where the case goes on, that was taken back.
      and not (state = 'cancelled' and exists (
        select from stand later
        where later.stream = stand.stream and later.rank > stand.rank and later.state <> 'cancelled'))
  ) turned
),
-- Its last turn to something that is no end. What ended it behind that is its final resolution: the last `resolved`, or the
-- last `closed` where nobody said `resolved`.
going as (
  select stream, max(rank) as rank from stand where state <> 'ended' group by stream
),
resolution as (
  select distinct on (stand.stream) stand.*
  from stand join going on going.stream = stand.stream and stand.rank > going.rank
  where state = 'ended'
  order by stand.stream, type = 'incident.resolved' desc, stand.rank desc
),
-- Every field as it was told last when it was resolved for good.
resolved_with as (
  select resolution.stream, jsonb_object_agg(key, value order by event.rank) as fields
  from resolution join event on event.stream = resolution.stream and event.rank <= resolution.rank
  cross join lateral jsonb_each(told)
  group by resolution.stream
),
-- It leaves `new` by the first event behind the opening that leads somewhere. Where another system told of that, it is
-- the response; otherwise the response is the first acknowledgement or start by anybody but a rule.
leaving as (
  select stream, min(rank) as rank from stand
  where rank > 1 and state is not null and type <> 'incident.reported'
  group by stream
),
response as (
  select distinct on (stand.stream) stand.*
  from stand left join leaving using (stream)
  where (type in ('incident.acknowledged', 'incident.started') and not starts_with(actor, 'rule:'))
    or (observed and stand.rank = leaving.rank)
  order by stand.stream, stand.rank
),
-- Those that had ended and began again.
again as (
  select distinct stand.stream
  from stand
  join (select stream, min(rank) as rank from stand where state = 'ended' group by stream) ending
    on ending.stream = stand.stream and stand.rank > ending.rank
  where state = 'open'
),
-- Everything that says where it stands, with what it said before. An episode begins with an end that follows something
-- else, and holds all ends up to the next thing that is none.
mark as (
  select *, lag(state) over (partition by stream order by rank) = 'ended' as ended_before
  from stand where state is not null
),
ending as (
  select *, count(*) filter (where not coalesce(ended_before, false)) over (partition by stream order by rank) as episode
  from mark where state = 'ended'
),
-- Its resolution is the last `resolved` in it, or the last `closed` where nobody said `resolved`.
episode as (
  select distinct on (stream, episode) * from ending order by stream, episode, type = 'incident.resolved' desc, rank desc
),
-- That of the first episode is the first `resolved` in it, or the last `closed` where nobody said `resolved`.
first_resolution as (
  select distinct on (stream) * from ending where episode = 1
  order by stream, type = 'incident.resolved' desc, case when type = 'incident.resolved' then rank else -rank end
),
-- What led away from it: the first that is no end, behind all ends of it.
away as (
  select distinct on (done.stream, done.episode) done.stream, done.episode, mark.state, mark.occurred_at as left_at
  from (select stream, episode, max(rank) as rank from ending group by stream, episode) done
  join mark on mark.stream = done.stream and mark.rank > done.rank
  order by done.stream, done.episode, mark.rank
),
-- Every resolution; whether the case left it again, to be worked on, within the days that were agreed.
every_resolution as (
  select stream, rank, occurred_at,
    coalesce(away.state = 'open' and left_at <= occurred_at + within, false) as reopened_soon
  from episode join reopening using (stream) left join away using (stream, episode)
),
taken_up as (
  select distinct stream from every_resolution where reopened_soon
),
-- The teams that it was given to, one after the other: each that differs from the one before it is a change. Having no
-- team in between is none.
named as (
  select stream, rank, told->>'team_id' as team,
    lag(told->>'team_id') over (partition by stream order by rank) as team_before
  from event where told->>'team_id' is not null
),
move as (
  select stream, count(*) as moves from named where team <> team_before group by stream
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
-- The cost is known if there is work, all of it at a rate, and all in the organisation's currency. Since version 2 each entry
-- is rounded, and not only their sum.
cost as (
  select stream, case when opened_at >= '2026-11-30 00:00+00'
    then sum(round(100 * coalesce((said->>'minutes')::numeric * (said->>'rate')::numeric / 60, (said->>'amount')::numeric, 0)))
    else round(100 * (coalesce(sum((said->>'minutes')::numeric * (said->>'rate')::numeric), 0) / 60
                      + coalesce(sum((said->>'amount')::numeric), 0))) end as hundredths
  from kept join opening using (stream)
  group by stream, opened_at
  having bool_or(starts_with(name, 'work/'))
    and bool_and(said->>'currency' is not null and said->>'currency' = %(currency)s)
    and bool_and(starts_with(name, 'cost/') or said->>'rate' is not null)
),
-- What was recorded when, as far as people did it here: the opening and the final resolution.
recording as (
  select event.stream, event.rank, recorded_at, recorded_at - opening.opened_at as delay
  from event join opening using (stream) where event.rank = 1 and not starts_with(source, 'import:')
  union all
  select event.stream, event.rank, recorded_at, recorded_at - event.occurred_at
  from resolution join event using (stream, rank) where not starts_with(source, 'import:')
),
