-- parts: cases
-- incident_unit_cost_of_budget: what the incidents with a final resolution cost whose cost is known and for whose time there
-- is a budget, and that budget, in hundredths of the organisation's currency.
-- What was said of the budget, each time with all that the record says by then; what is withdrawn was never said.
said_budget as (
  select told.stream, told.position, jsonb_object_agg(key, value order by earlier.position) as fields
  from log.told
  join log.told earlier on earlier.stream = told.stream and earlier.position <= told.position
  cross join lateral jsonb_each(earlier.data->'set'->earlier.stream)
  where starts_with(told.stream, 'kpi_budget/') and told.position <= %(position)s
    and told.stream not in (
      select stream from log.told where type = 'kpi_budget.withdrawn' and position <= %(position)s)
  group by told.stream, told.position
),
-- One in another currency, or of nothing, is none, and still covers its time.
budget as (
  select position, (fields->>'valid_from_at')::timestamptz as begin_at,
    coalesce((fields->>'valid_until_at')::timestamptz, 'infinity') as end_at,
    case when fields->>'currency' = %(currency)s then nullif(round(100 * (fields->>'amount')::numeric), 0) end as hundredths
  from said_budget where fields->>'kpi' = 'incident_unit_cost'
),
decided as (
  select stream, rank, occurred_at as at, cost.hundredths::bigint as numerator, budgeted.hundredths::bigint as denominator
  from resolution join cost using (stream)
  cross join lateral (
    select hundredths from budget where begin_at <= occurred_at and occurred_at < end_at order by position desc limit 1
  ) budgeted
  where budgeted.hundredths is not null
)
