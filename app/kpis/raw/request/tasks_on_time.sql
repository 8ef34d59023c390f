-- parts: cases
-- tasks_on_time: of the tasks with a due date, the first that it had, whether they were done by then; what was dropped by
-- then had not to be done. Nothing is late that is not due yet.
task as (
  select recorded.stream, said.name,
    (array_agg((said.row->>'due_at')::timestamptz order by recorded.version > 1, recorded.occurred_at, recorded.position)
      filter (where said.row->>'due_at' is not null))[1] as due_at,
    max((said.row->>'completed_at')::timestamptz) as completed_at, max((said.row->>'dropped_at')::timestamptz) as dropped_at
  from recorded cross join lateral jsonb_each(data->'set') as said(name, row)
  where starts_with(said.name, 'task/')
  group by recorded.stream, said.name
),
decided as (
  select stream, null::bigint as rank, due_at as at, case when completed_at <= due_at then 1 else 0 end as numerator,
    1 as denominator
  from task
  where due_at < %(now)s and (dropped_at is null or dropped_at > due_at)
)
