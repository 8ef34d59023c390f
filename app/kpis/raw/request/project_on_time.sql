-- parts: cases
-- project_on_time: of the requests that were delivered for good by the date of the first plan that was approved, or not by
-- then, those that were. One that was not counts at the instant at which the time ran out.
decided as (
  select stream, case when met then rank end as rank, case when met then delivered_at else due_at end as at,
    null::bigint as seconds, met::integer::bigint as numerator, 1::bigint as denominator, false as standing
  from (
    select promise.stream, ending.rank, ending.occurred_at as delivered_at, promise.due_at,
      coalesce(ending.occurred_at <= promise.due_at, false) as met, ending.stream is not null as delivered,
      coalesce(last_turn.state in ('cancelled', 'rejected'), false) as void,
      exists (select from turn where turn.stream = promise.stream and since < promise.due_at and until >= promise.due_at
              and state not in ('delivered', 'closed', 'cancelled', 'rejected')) as open_then
    from (
      select distinct on (stream) stream, (told->>'first_planned_at')::timestamptz as due_at from event
      where told ? 'first_planned_at' order by stream, rank desc
    ) promise
    join opening using (stream) join last_turn using (stream) left join ending using (stream)
    where promise.due_at is not null
  ) judged
  where (met and delivered_at < %(now)s) or (not met and (delivered or not void or open_then) and due_at < %(now)s and due_at > (
    select opened_at from opening where opening.stream = judged.stream))
)
