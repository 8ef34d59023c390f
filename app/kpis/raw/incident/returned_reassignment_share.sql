-- returned_reassignment_share: of every change of team of the incidents with a final resolution, those by which a team got
-- the case that had had it before.
decided as (
  select resolution.stream, resolution.rank, occurred_at as at, null::bigint as seconds,
    case when exists (
      select from named earlier
      where earlier.stream = named.stream and earlier.rank < named.rank and earlier.team = named.team
    ) then 1 else 0 end::bigint as numerator,
    1::bigint as denominator, false as standing, team_before as from_team, named.team as to_team
  from resolution join named using (stream)
  where named.team <> team_before
)
