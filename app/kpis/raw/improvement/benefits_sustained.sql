-- parts: cases, excluded
-- benefits_sustained: of the checks of benefits, 3, 6 and 12 months after the standardisation, that have fallen due, those by which
-- every target KPI has kept its effect. What nobody has measured was not kept.
decided as (
  select stream, rank, due_at as at, coalesce((
      select bool_and(row->>'kept' is not distinct from 'true') from measured
      where measured.stream = due.stream and row->>'occasion' = 'month_' || months), false)::integer as numerator,
    1 as denominator
  from (
    select distinct on (stream, months) stream, rank, months, due_at
    from (
      select stream, rank, (told->>'next_benefit_due_at')::timestamptz as due_at,
        case when type = 'improvement.standardised' then 3 when told->>'benefit_months' = '3' then 6
          when told->>'benefit_months' = '6' then 12 end as months
      from event where told->>'next_benefit_due_at' is not null
    ) told
    where months is not null order by stream, months, rank desc
  ) due
  where due_at < %(now)s
)
