-- Of a case the deliveries after which it was taken up again within the days that were agreed.
taken_up as (
  select distinct stream from turn join reopening using (stream)
  where state = 'delivered' and next_state not in ('delivered', 'closed', 'cancelled', 'rejected')
    and next_at <= occurred_at + reopening.within
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
