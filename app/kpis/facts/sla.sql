-- The facts of the agreements that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, data ? 'irregular' as irregular, fields
  from recorded
  cross join lateral (
    select jsonb_build_object('state', null, 'agreement_type', null, 'representative_id', null, 'review_due_at', null,
      'signed_at', null, 'customer_id', null, 'services', null, 'catalogue_items', null, 'begins_at', null, 'ends_at', null) as looked_for offset 0
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
  select case_id, place, position, known, min(occurred_at) filter (where place = 1) over whole as opened_at,
    case when place = 1 then occurred_at else greatest(occurred_at, min(occurred_at) filter (where place = 1) over whole) end as since,
    max(position) filter (where place = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular,
    known->>'state' in ('signed', 'under_review') as signed, known->>'agreement_type' as agreement_type,
    (known->>'representative_id')::uuid as owner_id, (known->>'review_due_at')::timestamptz as review_due_at
  from placed
  window whole as (partition by case_id)
),
sla_signed as (
  select case_id, min(since) as at from decided where signed group by case_id
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(signed, agreement_type, owner_id, review_due_at)
        is distinct from lag(row(signed, agreement_type, owner_id, review_due_at)) over (partition by case_id order by place) as begins
    from decided
  ) compared
  where begins
),
-- A review falls overdue while nothing happens.
sla_life as (
  select case_id, 2 * place + part.n as n, part.since, part.until, 'open' as phase, false as on_hold, part.n = 1 as overdue,
    opened_at, agreement_type, owner_id, any_irregular as irregular, position, opened_position
  from stretches
  cross join lateral (
    select 0 as n, stretches.since, least(stretches.until, review_due_at) as until
    union all
    select 1, greatest(stretches.since, review_due_at), stretches.until where review_due_at is not null
  ) part
  where signed and part.since < part.until
),
-- For which services an SLA is in force, and when, as it was told last (see outages/load_terms.py): for those that it names; one
-- for everybody that names none for all (''). One of catalogue items is for none.
sla_cover as (
  select case_id, service, begins_at as since, ends_at as until
  from (
    select case_id, told->'services' as services, coalesce(told->'catalogue_items' in ('null', '[]'), true) as of_no_items,
      told->>'customer_id' is null as for_everybody, (told->>'begins_at')::timestamptz as begins_at,
      coalesce((told->>'ends_at')::timestamptz, 'infinity') as ends_at
    from (
      select case_id, jsonb_object_agg(key, value order by version) as told from told cross join lateral jsonb_each(fields) group by case_id
    ) last_told
    where told->>'agreement_type' = 'SLA' and told->>'signed_at' is not null
  ) agreement
  cross join lateral (
    select '' as service where for_everybody and coalesce(services in ('null', '[]'), true)
    union
    select * from jsonb_array_elements_text(case when jsonb_typeof(services) = 'array' then services else '[]' end)
  ) named
  where begins_at < ends_at and of_no_items
)
