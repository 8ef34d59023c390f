-- The facts of the audits that have events from position `first` to `last`, made anew from all their events up to
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
  select case_id, (fields->>'self_check_due_at')::timestamptz as self_check_due_at, (fields->>'summary_due_at')::timestamptz as summary_due_at,
    fields->>'process' as process, (fields->>'team_id')::uuid as team_id
  from placed where place = 1
),
-- Whether each was handed in by its due date; the summary is when the team's head has countersigned it.
course as (
  select case_id, process, team_id, self_check_due_at, summary_due_at, max(opened_position) as opened_position,
    bool_or(any_irregular) as irregular,
    (array_agg(position order by place) filter (where type = 'audit.self_checked' and occurred_at <= self_check_due_at))[1] as checked_position,
    (array_agg(position order by place) filter (where type = 'audit.countersigned' and occurred_at <= summary_due_at))[1] as signed_position
  from placed join promised using (case_id) group by case_id, process, team_id, self_check_due_at, summary_due_at
),
audit_self_check_due as (
  select case_id, self_check_due_at as at, process, team_id, null::text as excluded, irregular,
    coalesce(checked_position, opened_position) as position, opened_position, checked_position is not null as met
  from course where self_check_due_at is not null
),
audit_summary_due as (
  select case_id, summary_due_at as at, process, team_id, null::text as excluded, irregular,
    coalesce(signed_position, opened_position) as position, opened_position, signed_position is not null as met
  from course where summary_due_at is not null
)
