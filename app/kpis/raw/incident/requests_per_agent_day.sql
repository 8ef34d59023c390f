-- parts: cases
-- requests_per_agent_day, of incidents: every resolution that the case did not leave again within the days that were agreed,
-- if whoever held it then had had a hand in it. What was cancelled or found to repeat another one is left out.
decided as (
  select stream, rank, occurred_at as at, 1 as numerator
  from every_resolution join assignment using (stream, rank, occurred_at) join involvement using (stream, holder)
  join last_turn using (stream)
  where first_rank <= rank and not reopened_soon and last_turn.state not in ('cancelled', 'duplicate')
)
