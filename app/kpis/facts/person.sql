-- When the persons that have events from position `first` to `last` were active, made anew from all their events up to `last`;
-- see problem.sql. Accounts of machines are nobody.
{recorded}told as (
  select case_id, position, version, occurred_at, fields
  from recorded
  cross join lateral (select jsonb_build_object('state', null, 'kind', null, 'team_id', null) as looked_for offset 0) names
  cross join lateral (
    select jsonb_object_agg(key, value) as fields from jsonb_each(data->'set'->stream) where looked_for ? key offset 0
  ) said
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(coalesce(fields, '{}')) over in_order as known,
    min(occurred_at) filter (where version = 1) over (partition by case_id) as opened_at
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
stood as (
  select case_id, place, greatest(occurred_at, opened_at) as since,
    coalesce(known->>'state' = 'active' and known->>'kind' is distinct from 'machine', false) as active,
    (known->>'team_id')::uuid as team_id
  from placed
),
person_stretch as (
  select case_id, place as n, since, until, team_id
  from (select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until from stood) stretch
  where active and since < until
)
