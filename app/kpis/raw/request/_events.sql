-- Which calendar a service was given, and which version of a calendar was its newest, by when the log had it.
chosen as (
  select max(said->>'key') over (partition by stream) as service, position, said ? 'calendar' as given, said->>'calendar' as calendar
  from (
    select stream, position, data->'set'->stream as said from log.told
    where starts_with(stream, 'service/') and position <= %(position)s
  ) of_service
),
published as (
  select max(said->>'key') over (partition by stream) as calendar, position, (said->>'newest_id')::uuid as version
  from (
    select stream, position, data->'set'->stream as said from log.told
    where starts_with(stream, 'calendar/') and position <= %(position)s
  ) of_calendar
),
-- By which version the time of each case counted at each of its events: that of its service, as both were known then.
by_hours as (
  select event.stream, event.rank, (
    select published.version from published
    where published.calendar = (
      select chosen.calendar from chosen
      where chosen.service = (
        select told->>'service' from event earlier
        where earlier.stream = event.stream and earlier.rank <= event.rank and earlier.told ? 'service'
        order by earlier.rank desc limit 1
      ) and chosen.given and chosen.position <= event.position
      order by chosen.position desc limit 1
    ) and published.version is not null and published.position <= event.position
    order by published.position desc limit 1
  ) as version
  from event
),
-- Of a case the deliveries after which it was taken up again within 7 days.
taken_up as (
  select distinct stream from turn
  where state = 'delivered' and next_state not in ('delivered', 'closed', 'cancelled', 'rejected')
    and next_at <= occurred_at + interval '168 hours'
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
