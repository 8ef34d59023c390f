-- incident_response_attainment: of the incidents whose response was given in less than 15 minutes, or was due, those that
-- had it by then. One that had not counts at the instant at which it was due, whether or not it came later.
due as (
  select stream, opened_at + interval '15 minutes' as due_at from opening
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
  left join response using (stream)
  where case
    when occurred_at < due_at then occurred_at < %(now)s
    -- What was over when its response would have been due, and never had one, was not late for it.
    else due_at < %(now)s and (occurred_at is not null or stream in (select stream from waiting))
  end
)
