-- The facts of the documents that have events from position `first` to `last`, made anew from all their events up to
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
    known->>'published_label' is not null and coalesce(known->>'state', '') not in ('superseded', 'archived', 'destroyed') as published,
    known->>'document_class' as document_class, (known->>'author_id')::uuid as owner_id,
    (known->>'review_due_at')::timestamptz as review_due_at
  from placed
  window whole as (partition by case_id)
),
document_published as (
  select case_id, min(since) as at from decided where published group by case_id
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(published, document_class, owner_id, review_due_at)
        is distinct from lag(row(published, document_class, owner_id, review_due_at)) over (partition by case_id order by place) as begins
    from decided
  ) compared
  where begins
),
-- A review falls overdue while nothing happens. What is in force stays so while the next version is written.
document_life as (
  select case_id, 2 * place + part.n as n, part.since, part.until, 'open' as phase, false as on_hold, part.n = 1 as overdue,
    opened_at, document_class, owner_id, any_irregular as irregular, position, opened_position
  from stretches
  cross join lateral (
    select 0 as n, stretches.since, least(stretches.until, review_due_at) as until
    union all
    select 1, greatest(stretches.since, review_due_at), stretches.until where review_due_at is not null
  ) part
  where published and part.since < part.until
)
