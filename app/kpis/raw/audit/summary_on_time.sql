-- parts: cases, excluded
-- summary_on_time: of the summaries of audits that have fallen due, those that the team's head had countersigned by then.
decided as (
  select stream, 1::bigint as rank, summary_due_at as at, exists (
      select from event where event.stream = due.stream and type = 'audit.countersigned' and occurred_at <= summary_due_at
    )::integer as numerator, 1 as denominator
  from due where summary_due_at < %(now)s
)
