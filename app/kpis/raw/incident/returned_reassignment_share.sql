-- parts: cases
-- returned_reassignment_share: of every change of team of the incidents with a final resolution, those by which a team
-- got the case that had had it before.
first_had as (
  select stream, team, min(rank) as rank from named group by stream, team
),
decided as (
  select resolution.stream, resolution.rank, occurred_at as at,
    case when first_had.rank < named.rank then 1 else 0 end as numerator, 1 as denominator, team_before as from_team,
    named.team as to_team
  from resolution join named using (stream)
  join first_had on first_had.stream = named.stream and first_had.team = named.team
  where named.team <> team_before
)
