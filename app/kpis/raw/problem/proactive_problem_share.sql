-- parts: cases, opening
-- proactive_problem_share: of the problems that were raised, those that came of a trend or of a review.
decided as (
  select opening.stream, 1::bigint as rank, opening.opened_at as at,
    case when told->>'origin' in ('trend', 'review') then 1 else 0 end as numerator, 1 as denominator, true as opening
  from opening join event on event.stream = opening.stream and event.rank = 1
)
