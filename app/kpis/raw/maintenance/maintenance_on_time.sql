-- parts: cases, excluded
-- maintenance_on_time: of the maintenance rounds whose due date has come, those that were done by then. What was cancelled before
-- it, and not done, was due no longer.
decided as (
  select stream, 1::bigint as rank, due_at as at, done::integer as numerator, 1 as denominator
  from (
    select due.*, exists (
        select from event where event.stream = due.stream and type = 'maintenance.done' and occurred_at <= due_at) as done,
      exists (
        select from event where event.stream = due.stream and type = 'maintenance.cancelled' and occurred_at < due_at) as cancelled
    from due
  ) judged
  where due_at < %(now)s and (done or not cancelled)
)
