-- What every definition of a KPI of requests or problems begins with: the events of every case up to the position, each
-- read once (`offset 0`), and in the order of its life: the opening, then by when they happened. What was told late was
-- true then, though it changed nothing any more. `{process}` is the kind of the cases, `{ended}` the state that ends one.
with recorded as (
  select stream, position, version, occurred_at, type, actor, data from log.told
  where starts_with(stream, '{process}/') and position <= %(position)s
  offset 0
),
telling as (
  select stream, position, version, occurred_at, type, actor, data,
    (data->'set'->stream->>'opened_at')::timestamptz as opened_at,
    coalesce(data->'late'->stream, '{}') || coalesce(data->'set'->stream, '{}') - array['title', 'description'] as told_of_it
  from recorded
  offset 0
),
-- With the role that its approval was asked of, where an event asks for another one or for none.
saying as (
  select *, case when told_of_it ? 'approval_id' then told_of_it || (
      select jsonb_build_object('approver_role', max(asked.row->>'role'))
      from jsonb_each(data->'set') asked(name, row) where asked.name = 'decision/' || (told_of_it->>'approval_id')
    ) else told_of_it end as said
  from telling
),
-- What came to be known later of its opening: what was told of the time to which that was moved.
moved as (
  select distinct on (stream) stream, said - 'state' as retold from saying
  where version > 1 and occurred_at <= opened_at order by stream, version desc
),
event as (
  select *, case when version = 1 then said || coalesce(retold, '{}') else said end as told,
    row_number() over (partition by stream order by version <> 1, occurred_at, position) as rank
  from saying left join moved using (stream)
),
-- When it was opened is what was recorded last of that.
opening as (
  select distinct on (stream) stream, coalesce(opened_at, occurred_at) as opened_at
  from event where version = 1 or opened_at is not null order by stream, version desc
),
-- Its turns, each from when it took effect (nothing does before the opening) up to the next.
turn as (
  select *, lead(since, 1, 'infinity') over turns as until, lead(occurred_at) over turns as next_at,
    lead(state) over turns as next_state, lag(state) over turns as state_before, lag(since) over turns as since_before
  from (
    select event.stream, event.rank, event.type, event.actor, told->>'state' as state, occurred_at, opened.opened_at,
      case when event.rank = 1 then opened.opened_at else greatest(occurred_at, opened.opened_at) end as since
    from event join opening opened using (stream) where told->>'state' is not null
  ) turned
  window turns as (partition by stream order by rank)
),
last_turn as (
  select distinct on (stream) stream, state from turn order by stream, rank desc
),
-- How it ended: behind it nothing went on.
ending as (
  select distinct on (stream) * from turn
  where state = '{ended}' and not exists (
    select from turn later where later.stream = turn.stream and later.rank > turn.rank
    and later.state not in ('{ended}', 'closed'))
  order by stream, rank desc
),
