-- parts: cases
-- incident_unit_cost: what the incidents with a final resolution cost whose cost is known, in hundredths of the
-- organisation's currency.
decided as (
  select stream, rank, occurred_at as at, cost.hundredths::bigint as numerator, 1 as denominator
  from resolution join cost using (stream)
)
