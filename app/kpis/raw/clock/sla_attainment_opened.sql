-- parts: cases, opening, excluded
-- sla_attainment_opened: of the clocks of agreements with customers on cases that were opened then, those that were met; the
-- denominator has those of which it is decided.
decided as (
  select stream, 1::bigint as rank, opened_at as at,
    case when breaches_at is null and stopped_at is not null and not excluded then 1 else 0 end as numerator,
    case when (breaches_at < %(now)s or (breaches_at is null and stopped_at is not null)) and not excluded then 1 else 0 end::bigint
      as denominator, true as opening, agreement_id, metric, left_out as excluded
  from clock join opening using (stream) left join clock_left_out using (stream)
  where not excluded or left_out is not null
)
