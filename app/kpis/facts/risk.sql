-- The facts of the risks that have events from position `first` to `last`, made anew from all their events up to
-- `last`; see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, data ? 'irregular' as irregular, data->'set'->stream as fields
  from recorded
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(coalesce(fields, '{}')) over in_order as known
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
decided as materialized (
  select case_id, place, position, type, known, min(occurred_at) filter (where place = 1) over whole as opened_at, occurred_at,
    case when place = 1 then occurred_at else greatest(occurred_at, min(occurred_at) filter (where place = 1) over whole) end as since,
    max(position) filter (where place = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular,
    known->>'state' <> 'closed' as standing, known->>'risk_level' as risk, known->>'process' as process,
    (known->>'owner_id')::uuid as owner_id
  from placed
  window whole as (partition by case_id)
),
-- New ones, closed ones, and those that an assessment has moved to another level, by the matrix of that time.
risk_course as (
  select case_id, place as n, occurred_at as at, risk_event, risk, process, owner_id, null::text as excluded, any_irregular as irregular,
    position, opened_position
  from (
    select *, case when place = 1 then 'new' when type = 'risk.closed' then 'closed'
        when type in ('risk.assessed', 'risk.reassessed') and known->>'move' in ('up', 'down') then known->>'move' end as risk_event
    from decided
  ) named
  where risk_event is not null
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(standing, risk, process, owner_id)
        is distinct from lag(row(standing, risk, process, owner_id)) over (partition by case_id order by place) as begins
    from decided
  ) compared
  where begins
),
risk_life as (
  select case_id, place as n, since, until, 'open' as phase, false as on_hold, opened_at, risk, process, owner_id,
    any_irregular as irregular, position, opened_position
  from stretches where standing and since < until
)
