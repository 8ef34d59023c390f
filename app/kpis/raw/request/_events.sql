-- Every delivery: the last one before the case was taken up again, perhaps after it had been closed; whether that was within
-- the days that were agreed.
spell as (
  select *, count(*) filter (where state not in ('delivered', 'closed')) over (partition by stream order by rank) as spell from turn
),
every_delivery as (
  select done.stream, done.rank, done.occurred_at,
    coalesce(away.state not in ('cancelled', 'rejected') and away.occurred_at <= done.occurred_at + within, false) as reopened_soon
  from (
    select distinct on (stream, spell) * from spell where state = 'delivered' order by stream, spell, rank desc
  ) done
  join reopening using (stream)
  left join spell away
    on away.stream = done.stream and away.spell = done.spell + 1 and away.state not in ('delivered', 'closed')
),
taken_up as (
  select distinct stream from every_delivery where reopened_soon
),
-- What was done again: an acceptance failed, a solution was sent back, what had been delivered was taken up again, or
-- others than the requester changed what is wanted.
again as (
  select event.stream, event.rank
  from event
  where type = 'request.acceptance_failed'
    or (type = 'request.solution_reviewed' and told->>'state' = 'revising')
    or (type = 'request.reopened' and told->>'state' = 'rectifying')
    or (type = 'request.requirements_changed' and actor is distinct from (
      select 'person:' || (earlier.told->>'requester_id') from event earlier
      where earlier.stream = event.stream and earlier.rank <= event.rank and earlier.told ? 'requester_id'
      order by earlier.rank desc limit 1))
),
