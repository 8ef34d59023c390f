-- parts: cases
-- incident_response_attainment: of the incidents whose response was given in the time that the agreement allows, or in less than
-- 15 minutes, or was due, those that had it by then. One that had not counts at the instant at which it was due, whether or
-- not it came later. Beside it: those that arrived within the hours that their time counts by.
-- By the clock of the agreement, if there is one: as it stopped, or as it was breached.
by_clock as (
  select stream, stop_rank, stopped_at, case when not excluded then breaches_at end as breached_at
  from clock join last_turn using (stream)
  where metric = 'response' and (not excluded or last_turn.state in ('cancelled', 'duplicate'))
),
-- By the calendar of the agreement, or of the service, as of the opening; but a P1 is answered round the clock.
urgent as (
  select stream, told->>'priority' is not distinct from 'P1' as urgent from event where rank = 1
),
due as (
  select opening.stream, coalesce(case when not urgent then further.due_at end, opened_at + interval '15 minutes') as due_at
  from opening join by_hours on by_hours.stream = opening.stream and rank = 1 join urgent on urgent.stream = opening.stream
  cross join lateral business_time.due_at(version, opened_at, 900) further
  where opening.stream not in (select stream from by_clock)
),
arrived as (
  select opening.stream, urgent or coalesce(counted.seconds > 0, true) as in_hours
  from opening join by_hours on by_hours.stream = opening.stream and rank = 1 join urgent on urgent.stream = opening.stream
  cross join lateral business_time.seconds_between(version, opened_at, opened_at + interval '1 second') counted
),
waiting as (
  select due.stream from due
  join turn on turn.stream = due.stream and turn.since < due_at and turn.until >= due_at
  where turn.state = 'open'
),
judged as (
  select stream, case when breached_at is null then stop_rank end as rank, coalesce(breached_at, stopped_at) as at,
    (breached_at is null)::integer as numerator, 1 as denominator
  from by_clock where coalesce(breached_at, stopped_at) < %(now)s
  union all
  select stream, case when occurred_at < due_at then rank end, least(occurred_at, due_at),
    case when occurred_at < due_at then 1 else 0 end, 1
  from due
  left join response using (stream)
  where case
    when occurred_at < due_at then occurred_at < %(now)s
    -- What was over when its response would have been due, and never had one, was not late for it.
    else due_at < %(now)s and (occurred_at is not null or stream in (select stream from waiting))
  end
),
decided as (
  select judged.*, in_hours::integer::bigint as seconds from judged join arrived using (stream)
)
