-- The facts of the maintenance rounds that have events from position `first` to `last`, made anew from all their events up to
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
  select case_id, (fields->>'due_at')::timestamptz as due_at, (fields->>'team_id')::uuid as team_id, fields->>'service' as service
  from placed where place = 1 and fields->>'due_at' is not null
),
-- What befell it by its due date: that it was done, before which nothing else counts, or else that it was cancelled.
course as (
  select case_id, due_at, team_id, service, max(opened_position) as opened_position, bool_or(any_irregular) as irregular,
    (array_agg(position order by place) filter (where type = 'maintenance.done' and occurred_at <= due_at))[1] as done_position,
    coalesce(bool_or(type = 'maintenance.cancelled' and occurred_at < due_at), false) as cancelled
  from placed join promised using (case_id) group by case_id, due_at, team_id, service
),
maintenance_due as (
  select case_id, due_at as at, team_id, service, null::text as excluded, irregular,
    coalesce(done_position, opened_position) as position, opened_position, done_position is not null as met
  from course where done_position is not null or not cancelled
)
