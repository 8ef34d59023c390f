-- parts: cases, complaints
-- complaint_answer_seconds: every complaint that was answered, at its answer, with the seconds since it was made.
decided as (
  select stream, answer_rank as rank, answered_at as at,
    greatest(round(extract(epoch from answered_at - complained_at)), 0)::bigint as seconds, 1 as denominator, true as standing,
    subject, left_out
  from complaint where answered_at is not null
)
