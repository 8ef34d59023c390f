process_step as (
  select case_id, (row_number() over in_order)::integer as n, type, lag(type) over in_order as previous,
    round(extract(epoch from at - lag(at) over in_order))::bigint as seconds, state, state_before, at,
    row_number() over (partition by case_id, state order by place) > 1 and state_before <> all(%(waiting)s::text[]) as returns
  from stood where changes and state is not null
  window in_order as (partition by case_id order by place)
),
held as (
  select *, lag(holder) over in_order as holder_before
  from (
    select case_id, place, at, 'team' as holding, known->>'team_id' as holder from stood
    union all
    select case_id, place, at, 'person', known->>'assignee_id' from stood
  ) held
  where holder is not null
  window in_order as (partition by case_id, holding order by place)
),
turns as (
  select case_id, holding, holder_before as from_id, holder as to_id, at, row_number() over in_order - 1 as n,
    round(extract(epoch from at - lag(at) over in_order))::bigint as seconds,
    row_number() over (partition by case_id, holding, holder order by place) > 1 as returns
  from held where holder is distinct from holder_before
  window in_order as (partition by case_id, holding order by place)
),
process_handover as (
  select case_id, holding, n::integer as n, from_id::uuid as from_id, to_id::uuid as to_id, seconds, at, returns
  from turns where n > 0
),
lived as (
  select case_id, min(kind) as kind, min(source) filter (where place = 1) as source, min(started_at) as started_at,
    coalesce(array_agg(type order by place) filter (where changes and state is not null), '{}') as steps,
    max(at) filter (where changes) as changed_at,
    array_agg(type order by place) as all_steps, array_agg(changes and state is not null order by place) as all_changes,
    array_agg(seconds order by place) as all_seconds,
    coalesce(array_agg(step_seconds order by place) filter (where changes and state is not null), '{}') as step_seconds,
    (array_agg(known order by place desc))[1] as known
  from (
    select *, coalesce(round(extract(epoch from at - lag(at) over in_order))::bigint, 0) as seconds,
      coalesce(round(extract(epoch from at - max(at) filter (where changes) over (in_order rows unbounded preceding
        exclude current row)))::bigint, 0) as step_seconds
    from stood
    window in_order as (partition by case_id order by place)
  ) timed
  group by case_id
),
process_case as (
  select case_id, kind, source, known->>'state' as state, started_at, ended.at as ended_at,
    round(extract(epoch from ended.at - started_at))::bigint as seconds,
    (known->>'team_id')::uuid as team_id, (known->>'assignee_id')::uuid as assignee_id, known->>'service' as service,
    (known->>'customer_id')::uuid as customer_id, md5(array_to_string(steps, ' '))::uuid as variant, steps, step_seconds,
    md5(array_to_string(all_steps, ' '))::uuid as all_variant, all_steps, all_changes, all_seconds
  from lived
  cross join lateral (
    select case when kind || '/' || (known->>'state') = any(%(ends)s::text[]) then changed_at end as at
  ) ended
)
