-- The facts of the findings that have events from position `first` to `last`, made anew from all their events up to
-- `last`; see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, data ? 'irregular' as irregular, data->'set'->stream as fields
  from recorded
),
placed as (
  select *, (row_number() over in_order)::integer as place, bool_or(irregular) over whole as any_irregular,
    bool_or(type = 'finding.withdrawn') over whole as withdrawn
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position), whole as (partition by case_id)
),
-- What was withdrawn is none; what the team had found itself repeats nothing, whatever was found before.
finding_raised as (
  select case_id, occurred_at as at, fields->>'process' as process, (fields->>'team_id')::uuid as team_id, null::text as excluded,
    any_irregular as irregular, position, position as opened_position, self_found,
    case when not self_found then fields->>'repeats_id' is not null end as repeats_finding
  from placed cross join lateral (select coalesce((fields->>'self_found')::boolean, false) as self_found) its
  where place = 1 and not withdrawn
)
