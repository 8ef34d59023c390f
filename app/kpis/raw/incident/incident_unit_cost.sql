-- parts: cases
-- incident_unit_cost: what the incidents with a final resolution cost whose cost is known, in hundredths of the
-- organisation's currency.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, cost.hundredths::bigint as numerator,
    1::bigint as denominator, false as standing
  from resolution join cost using (stream)
)
