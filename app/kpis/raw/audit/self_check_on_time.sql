-- parts: cases, excluded
-- self_check_on_time: of the self-checks that have fallen due, those that were submitted by then.
decided as (
  select stream, 1::bigint as rank, self_check_due_at as at, exists (
      select from event where event.stream = due.stream and type = 'audit.self_checked' and occurred_at <= self_check_due_at
    )::integer as numerator, 1 as denominator
  from due where self_check_due_at < %(now)s
)
