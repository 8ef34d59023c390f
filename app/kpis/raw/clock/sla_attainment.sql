-- parts: cases, excluded
-- sla_attainment: of the clocks of agreements with customers that stopped without a breach, or were breached, whether or not
-- they have stopped since, those that were met. A breach counts at its instant.
decided as (
  select stream, case when breached_at is null then stop_rank end as rank, coalesce(breached_at, stopped_at) as at,
    case when breached_at is null and not excluded then 1 else 0 end as numerator, 1 as denominator, agreement_id, metric,
    left_out as excluded
  from (select *, case when not excluded then breaches_at end as breached_at from clock) clock
  left join clock_left_out using (stream)
  where coalesce(breached_at, stopped_at) < %(now)s and (not excluded or left_out is not null)
)
