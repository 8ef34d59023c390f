-- What definitions of requests and problems begin with besides. `{ended}` is the state that ends one.
-- Its turns, each from when it took effect (nothing does before the opening) up to the next.
turn as (
  select *, lead(since, 1, 'infinity') over turns as until, lead(occurred_at) over turns as next_at,
    lead(state) over turns as next_state, lag(state) over turns as state_before, lag(since) over turns as since_before
  from (
    select event.stream, event.rank, event.type, event.actor, told->>'state' as state, told->>'state' = 'on_hold' as on_hold,
      occurred_at, opened.opened_at,
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
