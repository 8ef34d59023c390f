-- parts: cases
-- reassignments: every change of team of the incidents with a final resolution, at that.
decided as (
  select resolution.stream, resolution.rank, occurred_at as at, team_before as from_team, team as to_team
  from resolution join named using (stream)
  where team <> team_before
)
