-- parts: cases, excluded
-- sla_warned_saved: of the clocks of agreements with customers that warned at three quarters of the target or above and have
-- stopped, those that were met.
decided as (
  select stream, stop_rank as rank, stopped_at as at,
    case when breaches_at is null and not excluded then 1 else 0 end as numerator, 1 as denominator, agreement_id, metric,
    left_out as excluded
  from clock left join clock_left_out using (stream)
  where stopped_at is not null and warned_at is not null and (not excluded or left_out is not null)
)
