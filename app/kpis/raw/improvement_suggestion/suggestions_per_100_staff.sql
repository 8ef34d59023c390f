-- parts: cases, team_id, excluded
-- suggestions_per_100_staff: the suggestions that persons have offered. How many persons there are is counted apart.
decided as (
  select stream, 1::bigint as rank, opened_at as at, 1 as numerator, of_team as team_id, offered_by
  from offer where author is not null
)
