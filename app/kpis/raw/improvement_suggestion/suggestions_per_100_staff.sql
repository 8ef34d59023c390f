-- parts: cases, team_id, excluded
-- suggestions_per_100_staff: the suggestions that persons have offered. How many persons there are is counted apart.
decided as (
  select stream, 1::bigint as rank, opened_at as at, null::bigint as seconds, 1::bigint as numerator, null::bigint as denominator,
    false as standing, of_team as team_id, offered_by, null::text as excluded
  from offer where author is not null
)
