-- parts: cases, team_id, excluded
-- suggestions_by_source: all suggestions that were offered, also those that were merged into others.
decided as (
  select stream, 1::bigint as rank, opened_at as at, of_team as team_id, offered_by from offer
)
