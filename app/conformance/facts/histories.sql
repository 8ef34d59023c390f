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
