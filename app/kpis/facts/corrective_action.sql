-- The facts of the corrective actions that have events from position `first` to `last`, made anew from all their events up to
-- `last`; see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, data ? 'irregular' as irregular, data->'set'->stream as fields
  from recorded
),
placed as (
  select *, (row_number() over in_order)::integer as place,
    max(position) filter (where version = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position), whole as (partition by case_id)
),
promised as (
  select case_id, (fields->>'first_due_at')::timestamptz as due_at from placed where place = 1 and fields->>'first_due_at' is not null
),
-- What befell it by its first due date: its verification, before which nothing else counts, or else that it was dropped; and whose
-- it was then, and of which process.
course as (
  select case_id, due_at, max(opened_position) as opened_position, bool_or(any_irregular) as irregular,
    (array_agg(position order by place) filter (where type = 'corrective_action.verified' and occurred_at <= due_at))[1] as verified_position,
    coalesce(bool_or(type = 'corrective_action.dropped' and occurred_at < due_at), false) as dropped,
    (array_agg(fields->>'owner_id' order by place desc) filter (where fields ? 'owner_id' and (place = 1 or occurred_at < due_at)))[1]::uuid
      as owner_id,
    (array_agg(fields->>'process' order by place desc) filter (where fields ? 'process' and (place = 1 or occurred_at < due_at)))[1]
      as process
  from placed join promised using (case_id) group by case_id, due_at
),
corrective_action_due as (
  select case_id, due_at as at, process, owner_id, null::text as excluded, irregular,
    coalesce(verified_position, opened_position) as position, opened_position, verified_position is not null as met
  from course where verified_position is not null or not dropped
)
