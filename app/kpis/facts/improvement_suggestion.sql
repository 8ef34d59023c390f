-- The facts of the suggestions that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql. When their improvements were standardised is among the facts of these.
{recorded}told as (
  select case_id, position, version, occurred_at, data ? 'irregular' as irregular, data->'set'->stream as fields
  from recorded
),
placed as (
  select *, (row_number() over in_order)::integer as place,
    max(position) filter (where version = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position), whole as (partition by case_id)
),
-- What became of it, as was told last.
outcome as (
  select case_id,
    (array_agg(fields->>'state' order by place desc) filter (where fields->>'state' is not null))[1] as state,
    (array_agg(fields->>'improvement_id' order by place desc) filter (where fields ? 'improvement_id'))[1]::uuid as improvement_id
  from placed group by case_id
),
-- It is of the team of whoever offered it, as the log had it then; of a rule's there is none.
improvement_suggestion_offered as (
  select case_id, occurred_at as at, fields->>'source' as source, fields->>'process' as process, team_id,
    case when fields->>'author_id' is null then 'rule' else 'person' end as offered_by, null::text as excluded,
    any_irregular as irregular, position, opened_position, coalesce(state = 'selected', false) as selected,
    coalesce(state in ('selected', 'declined', 'merged'), false) as settled_on, improvement_id
  from placed join outcome using (case_id)
  left join lateral (
    select (data->'set'->stream->>'team_id')::uuid as team_id from log.told
    where stream = 'person/' || (fields->>'author_id') and position <= placed.position and data->'set'->stream ? 'team_id'
    order by version desc limit 1
  ) of_author on true
  where place = 1
)
