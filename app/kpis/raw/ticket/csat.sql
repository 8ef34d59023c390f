-- parts: cases, ratings
-- csat: the cases that were rated, at the first rating; numerator: what was said last within 30 days of it.
decided as (
  select stream, first_rating.rank, first_rating.occurred_at as at, last_rating.score as numerator, 1 as denominator,
    of_staff.left_out
  from first_rating join last_rating using (stream) left join of_staff using (stream)
)
