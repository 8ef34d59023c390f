-- The facts of the services that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql. When they are under an agreement is in sla.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, data ? 'irregular' as irregular, fields
  from recorded
  cross join lateral (
    select jsonb_build_object('state', null, 'key', null, 'owner_id', null, 'team_id', null) as looked_for offset 0
  ) names
  cross join lateral (
    select jsonb_object_agg(key, value) as fields from jsonb_each(data->'set'->stream) where looked_for ? key offset 0
  ) said
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(coalesce(fields, '{}')) over in_order as known
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
decided as materialized (
  select case_id, place, position, min(occurred_at) filter (where place = 1) over whole as opened_at,
    case when place = 1 then occurred_at else greatest(occurred_at, min(occurred_at) filter (where place = 1) over whole) end as since,
    max(position) filter (where place = 1) over whole as opened_position, bool_or(irregular) over whole as irregular,
    coalesce(known->>'state' = 'live', false) as live, known->>'key' as service, (known->>'owner_id')::uuid as owner_id,
    (known->>'team_id')::uuid as team_id
  from placed
  window whole as (partition by case_id)
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(live, service, owner_id, team_id)
        is distinct from lag(row(live, service, owner_id, team_id)) over (partition by case_id order by place) as begins
    from decided
  ) compared
  where begins
),
service_stretch as (
  select case_id, place as n, since, until, service, owner_id, team_id, opened_at, irregular, position, opened_position
  from stretches where live and since < until
)
