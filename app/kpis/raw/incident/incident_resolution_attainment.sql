-- incident_resolution_attainment: of the incidents that were resolved for good in less than 2 hours, or not by then, those
-- that were. One that was not counts at the instant at which the time ran out, whether or not it was resolved later.
due as (
  select stream, opened_at + interval '2 hours' as due_at from opening
),
waiting as (
  select due.stream from due
  join turn on turn.stream = due.stream and turn.since < due_at and turn.until >= due_at
  where turn.state = 'open'
),
decided as (
  select stream, case when occurred_at < due_at then rank end as rank, least(occurred_at, due_at) as at,
    null::bigint as seconds, case when occurred_at < due_at then 1 else 0 end::bigint as numerator,
    1::bigint as denominator, false as standing
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
