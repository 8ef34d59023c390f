-- parts: cases
-- ping_pong_rate: of the incidents with a final resolution, those that came back to a team that had given them away.
-- It came back where one team has it, then another, then the first one again. Having no team in between is no other.
back as (
  select distinct first.stream
  from named first
  join named other on other.stream = first.stream and other.rank > first.rank and other.team <> first.team
  join named again on again.stream = first.stream and again.rank > other.rank and again.team = first.team
),
decided as (
  select stream, rank, occurred_at as at, case when stream in (select stream from back) then 1 else 0 end as numerator,
    1 as denominator
  from resolution
)
