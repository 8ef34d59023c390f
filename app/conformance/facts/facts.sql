-- How the cases went that have events from position `first` to `last`, made anew from all their events up to `last`; so it does
-- not matter in which spans the log is taken, nor how late an event comes. Each of the last parts is named as a table of
-- schema kpi, and holds the rows that these cases should have there.
with touched as (
  select stream, min(version) as version from log.event
  where position between %(first)s and %(last)s and split_part(stream, '/', 1) = any(%(kinds)s::text[])
  group by stream
),
begun as (
  select split_part(stream, '/', 2)::uuid as case_id from touched where version > 1
),
recorded as (
  select old.* from touched cross join lateral (
    select stream, position, version, occurred_at, type, source, data from log.told
    where stream = touched.stream and position <= %(last)s
    offset 0
  ) old
),
told as (
  select split_part(stream, '/', 2)::uuid as case_id, split_part(stream, '/', 1) as kind, position, version, occurred_at, type,
    source, (data->>'instead')::integer as instead, (set_then->>'opened_at')::timestamptz as opening, dimensions
  from recorded
  cross join lateral (select data->'set'->stream as set_then, data->'late'->stream as set_late offset 0) said
  cross join lateral (select coalesce(set_late || set_then, set_then, set_late) as fields offset 0) both_told
  left join lateral (
    select jsonb_object_agg(key, value) as dimensions from jsonb_each(fields)
    where key in ('state', 'team_id', 'assignee_id', 'service', 'customer_id')
  ) known on fields ?| array['state', 'team_id', 'assignee_id', 'service', 'customer_id']
),
-- What came to be known later: of an opening when it was, and from which row it is known; of what else was told, that another
-- event tells it instead.
news as (
  select case_id, version, occurred_at, opening, instead, dimensions from told
  where version > 1 and (opening is not null or instead is not null)
),
moved as (
  select case_id, 1 as version, false as gone,
    (array_agg(opening order by version desc) filter (where opening is not null))[1] as moved_to,
    coalesce((array_agg(coalesce(dimensions, '{}') order by version desc) filter (where instead = 1))[1],
             (array_agg(dimensions order by version desc) filter (where occurred_at <= opening))[1]) - 'state' as retold
  from news group by case_id
  union all
  select distinct case_id, case when instead = 1 then version else instead end, true, null::timestamptz, null::jsonb
  from news where instead is not null
),
-- The order of a case: its opening, then by when it happened, then as the log has it.
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(dimensions) over in_order as known,
    max(opened_at) over (partition by case_id) as started_at
  from (
    select case_id, kind, position, version, type, source,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) end as opened_at,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) else occurred_at end as occurred_at,
      coalesce(dimensions || retold, retold, dimensions) as dimensions
    from told left join moved using (case_id, version)
    where gone is not true
  ) corrected
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
stood as materialized (
  select case_id, kind, place, type, source, started_at, known, known->>'state' as state,
    lag(known->>'state') over in_order as state_before,
    known->>'state' is distinct from lag(known->>'state') over in_order as changes,
    greatest(occurred_at, started_at) as at
  from placed
  window in_order as (partition by case_id order by place)
),
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
