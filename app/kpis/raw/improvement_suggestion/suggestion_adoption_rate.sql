-- parts: cases, team_id, excluded
-- suggestion_adoption_rate: of the suggestions that were offered, those that were selected; the denominator has those that were
-- selected, declined or merged, and nothing else since.
decided as (
  select stream, 1::bigint as rank, opened_at as at, (state = 'selected')::integer as numerator,
    (state in ('selected', 'declined', 'merged'))::integer as denominator, of_team as team_id, offered_by
  from offer join last_turn using (stream)
)
