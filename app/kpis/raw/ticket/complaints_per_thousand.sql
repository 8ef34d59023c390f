-- parts: cases, complaints
-- complaints_per_thousand: every complaint, when it was made, whatever becomes of its case; one that was merged counts with
-- the other.
decided as (
  select stream, rank, complained_at as at, 1 as numerator, 1 as denominator, true as standing, subject, left_out
  from complaint
)
