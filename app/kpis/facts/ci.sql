-- The facts of the configuration items that have events from position `first` to `last`, made anew from all their events up
-- to `last`; see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, data ? 'irregular' as irregular,
    fields
  from recorded
  cross join lateral (select data->'set'->stream as fields offset 0) said
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(fields - array['attributes', 'services']) over in_order as known
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
-- Each alteration after it went live is counted in the event that tells of it, and so is each that no change authorised.
-- One that a change approved later stays unauthorised, and is shown apart.
altered as (
  select case_id, version as n, occurred_at as at, position, known->>'ci_class' as ci_class, known->>'owner_id' as owner_id,
    case when coalesce((fields->>'unauthorised_count')::integer, 0) = 0 then 'authorised'
      when array['all', fields->>'unauthorised_count'] && array_agg(coalesce(fields->>'regularised_number', 'all'))
        filter (where type = 'ci.regularised') over later then 'regularised'
      else 'unauthorised' end as authorisation,
    greatest((fields->>'alteration_count')::integer, (fields->>'unauthorised_count')::integer) as count_told,
    max(position) filter (where place = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from placed
  window later as (partition by case_id order by place rows between current row and unbounded following),
    whole as (partition by case_id)
),
-- Under the team of whoever answered for it then, as the log had it.
ci_altered as (
  select case_id, n, at, ci_class, team_id, authorisation, null::text as excluded, any_irregular as irregular, position,
    opened_position
  from altered
  left join lateral (
    select (data->'set'->stream->>'team_id')::uuid as team_id from log.told
    where stream = 'person/' || owner_id and position <= altered.position and data->'set'->stream ? 'team_id'
    order by version desc limit 1
  ) of_owner on true
  where count_told > 0
)
