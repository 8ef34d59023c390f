-- parts: cases
-- incident_resolution_attainment: of the incidents that were resolved for good in the time that the agreement allows, or in less
-- than 2 hours, or not by then, those that were. One that was not counts at the instant at which the time ran out, whether or
-- not it was resolved later.
-- By the clock of the agreement, if there is one: as it stopped, or as it was breached.
by_clock as (
  select stream, stop_rank, stopped_at, case when not excluded then breaches_at end as breached_at
  from clock join last_turn using (stream)
  where metric = 'resolution' and (not excluded or last_turn.state in ('cancelled', 'duplicate'))
),
-- By the calendar of the agreement, or of the service, as of the opening.
due as (
  select opening.stream, coalesce(further.due_at, opened_at + interval '2 hours') as due_at
  from opening join by_hours on by_hours.stream = opening.stream and rank = 1
  cross join lateral business_time.due_at(version, opened_at, 7200) further
  where opening.stream not in (select stream from by_clock)
),
waiting as (
  select due.stream from due
  join turn on turn.stream = due.stream and turn.since < due_at and turn.until >= due_at
  where turn.state = 'open'
),
decided as (
  select stream, case when breached_at is null then stop_rank end as rank, coalesce(breached_at, stopped_at) as at,
    (breached_at is null)::integer as numerator, 1 as denominator
  from by_clock where coalesce(breached_at, stopped_at) < %(now)s
  union all
  select stream, case when occurred_at < due_at then rank end, least(occurred_at, due_at),
    case when occurred_at < due_at then 1 else 0 end, 1
  from due
  left join resolution using (stream)
  join last_turn using (stream)
  where case
    when occurred_at < due_at then occurred_at < %(now)s
    -- Of those that were cancelled or found to repeat another one, those for which the time ran out before that.
    else due_at < %(now)s and (occurred_at is not null or last_turn.state not in ('cancelled', 'duplicate')
      or stream in (select stream from waiting))
  end
)
