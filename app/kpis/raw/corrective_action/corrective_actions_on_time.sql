-- parts: cases, excluded
-- corrective_actions_on_time: of the corrective actions whose first due date has come, those that were verified by then. What was
-- dropped before it, and not verified, was due no longer.
decided as (
  select stream, null::bigint as rank, due_at as at, verified::integer as numerator, 1 as denominator
  from (
    select due.*, exists (
        select from event where event.stream = due.stream and type = 'corrective_action.verified' and occurred_at <= due_at) as verified,
      exists (
        select from event where event.stream = due.stream and type = 'corrective_action.dropped' and occurred_at < due_at) as dropped
    from due
  ) judged
  where due_at < %(now)s and (verified or not dropped)
)
