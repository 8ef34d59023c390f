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
-- What was done again: an acceptance failed, a solution was sent back, what had been delivered was taken up again (until
-- version 2 of projects alone), or others than the requester changed what is wanted.
again as (
  select event.stream, event.rank
  from event
  where type = 'request.acceptance_failed'
    or (type = 'request.solution_reviewed' and told->>'state' = 'revising')
    or (type = 'request.reopened' and (told->>'state' = 'rectifying' or occurred_at >= '2026-11-30 00:00+00'))
    or (type = 'request.requirements_changed' and actor is distinct from (
      select 'person:' || (earlier.told->>'requester_id') from event earlier
      where earlier.stream = event.stream and earlier.rank <= event.rank and earlier.told ? 'requester_id'
      order by earlier.rank desc limit 1))
),
-- How long after it was submitted each was delivered for good, also in business time: by the clock of its agreement, or else by
-- the calendar; and the path that it took.
fulfilment_clock as (
  select ending.stream, coalesce(sum(counted.seconds), 0) as seconds
  from ending join clock on clock.stream = ending.stream and clock.metric = 'fulfilment' and not clock.excluded
  left join clock_run run on run.stream = ending.stream and run.metric = 'fulfilment' and run.from_at < ending.occurred_at
  left join lateral business_time.seconds_between(run.version, run.from_at, least(run.until, ending.occurred_at)) counted on true
  group by ending.stream
),
delivery_time as (
  select stream, rank, occurred_at as at, elapsed as seconds,
    case when occurred_at < opened_at then elapsed
      else coalesce(fulfilment_clock.seconds, counted.seconds, elapsed) end::bigint as business_seconds, (
      select told->>'path' from event
      where event.stream = done.stream and event.rank <= done.rank and told ? 'path' order by event.rank desc limit 1
    ) as path
  from (select *, round(extract(epoch from occurred_at - opened_at))::bigint as elapsed from ending) done
  join by_hours using (stream, rank) left join fulfilment_clock using (stream)
  cross join lateral business_time.seconds_between(version, done.opened_at, occurred_at) counted
),
-- What was promised: by the catalogue item how long it takes, by the first approved plan the date. It was met if it was
-- delivered for good by then. One that was not counts at the instant at which the time ran out.
promise as (
  select distinct on (stream) stream, 'item' as promised_by,
    opening.opened_at + (told->>'target_seconds')::integer * interval '1 second' as due_at
  from event join opening using (stream) where told ? 'target_seconds' order by stream, rank desc
),
plan_promise as (
  select distinct on (stream) stream, 'plan' as promised_by, (told->>'first_planned_at')::timestamptz as due_at
  from event where told ? 'first_planned_at' order by stream, rank desc
),
judged_promise as (
  select stream, promised_by, case when met then rank end as rank, case when met then delivered_at else due_at end as at, met
  from (
    select promise.*, opening.opened_at, ending.rank, ending.occurred_at as delivered_at,
      coalesce(ending.occurred_at <= promise.due_at, false) as met, ending.stream is not null as delivered,
      coalesce(last_turn.state in ('cancelled', 'rejected'), false) as void,
      exists (select from turn where turn.stream = promise.stream and since < promise.due_at and until >= promise.due_at
              and state not in ('delivered', 'closed', 'cancelled', 'rejected')) as open_then
    from (select * from promise union all select * from plan_promise) promise
    join opening using (stream) join last_turn using (stream) left join ending using (stream)
    where promise.due_at is not null
  ) judged
  where (met and delivered_at < %(now)s) or (not met and (delivered or not void or open_then) and due_at < %(now)s and due_at > opened_at)
),
