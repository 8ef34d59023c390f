-- What every raw definition begins with behind the events of cases (kpis/raw/_events.sql): what each told of the state, where
-- that was news; and who held it, where that was another one.
stated as (
  select stream, rank, type, at, state, state_before,
    row_number() over (partition by stream order by rank) as n
  from (
    select event.stream, rank, type, greatest(occurred_at, opened_at) as at, told->>'state' as state,
      lag(told->>'state') over (partition by event.stream order by rank) as state_before
    from event join opening on opening.stream = event.stream where told->>'state' is not null
  ) told_state
  where state is distinct from state_before
),
handed as (
  select stream, holding, rank, at, holder, row_number() over (partition by stream, holding order by rank) - 1 as n
  from (
    select event.stream, holding, rank, greatest(occurred_at, opened_at) as at, holder,
      lag(holder) over (partition by event.stream, holding order by rank) as holder_before
    from event join opening on opening.stream = event.stream
    cross join lateral (values ('team', told->>'team_id'), ('person', told->>'assignee_id')) as one(holding, holder)
    where holder is not null
  ) told_holder
  where holder is distinct from holder_before
)
