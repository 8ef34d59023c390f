-- parts: cases, complaints
-- complaint_answered_in_time: every complaint that was answered, at its answer; numerator: whether that was when it was due
-- or before.
decided as (
  select stream, answer_rank as rank, answered_at as at, case when answered_at <= due_at then 1 else 0 end as numerator,
    1 as denominator, true as standing, subject, left_out
  from complaint where answered_at is not null
)
