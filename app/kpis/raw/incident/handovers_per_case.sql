-- parts: cases
-- handovers_per_case: how often the incidents with a final resolution went from one person to another of the same team, at
-- any time. Having nobody in between is no change.
-- Who was named, and the team that had it after that.
taker as (
  select stream, rank, told->>'assignee_id' as taker, max(told->>'team_id') over (partition by stream, teams) as team
  from (
    select *, count(*) filter (where told ? 'team_id') over (partition by stream order by rank) as teams from event
  ) counted
),
handover as (
  select stream, count(*) as handovers
  from (
    select *, lag(team) over takers as team_before
    from (
      select *, lag(taker) over (partition by stream order by rank) as giver from taker where taker is not null
    ) named
    -- That the same person is named again is no change, and tells nothing.
    where taker is distinct from giver
    window takers as (partition by stream order by rank)
  ) taken
  where taker <> giver and team is not distinct from team_before
  group by stream
),
decided as (
  select stream, rank, occurred_at as at, coalesce(handovers, 0) as numerator, 1 as denominator
  from resolution left join handover using (stream)
)
