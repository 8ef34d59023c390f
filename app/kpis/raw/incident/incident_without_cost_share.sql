-- parts: cases
-- incident_without_cost_share: the incidents with a final resolution, and of how many it is not known what they cost.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    case when cost.stream is null then 1 else 0 end::bigint as numerator, 1::bigint as denominator, false as standing
  from resolution left join cost using (stream)
)
