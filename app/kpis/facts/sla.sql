-- The facts of the agreements that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql.
with begun as (
  select case_id, 'sla/' || case_id as stream, next_version
  from unnest(%(begun)s::uuid[], %(next_versions)s::integer[]) as begun(case_id, next_version)
),
told as (
  select substr(stream, 5)::uuid as case_id, position, version, occurred_at, data ? 'irregular' as irregular, fields
  from (
    (
      select stream, position, version, occurred_at, data from log.told
      where position between %(first)s and %(last)s and left(stream, 4) = 'sla/'
        and kpi.share(stream, %(shares)s) = %(share)s
      offset 0
    )
    union all
    select old.* from begun
    cross join lateral (
      select stream, position, version, occurred_at, data from log.told
      where stream = begun.stream and version < begun.next_version and position < %(first)s
      offset 0
    ) old
  ) recorded
  cross join lateral (
    select jsonb_build_object('state', null, 'agreement_type', null, 'representative_id', null, 'review_due_at', null,
      'signed_at', null) as looked_for offset 0
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
)
