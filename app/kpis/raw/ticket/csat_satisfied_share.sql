-- parts: cases, ratings
-- csat_satisfied_share: the cases that were rated, at the first rating; numerator: whether it was a 4 or a 5, as it was said
-- last within 30 days.
decided as (
  select stream, first_rating.rank, first_rating.occurred_at as at,
    case when last_rating.score >= 4 then 1 else 0 end as numerator, 1 as denominator, of_staff.left_out
  from first_rating join last_rating using (stream) left join of_staff using (stream)
)
