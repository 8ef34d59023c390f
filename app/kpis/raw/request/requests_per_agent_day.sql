-- parts: cases
-- requests_per_agent_day, of requests: every delivery after which it was not taken up again within the days that were agreed,
-- if whoever held it then had had a hand in it. What was cancelled or rejected is left out.
decided as (
  select stream, rank, occurred_at as at, 1 as numerator
  from every_delivery join assignment using (stream, rank, occurred_at) join involvement using (stream, holder) join last_turn using (stream)
  where first_rank <= rank and not reopened_soon and last_turn.state not in ('cancelled', 'rejected')
)
