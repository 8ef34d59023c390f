-- parts: cases
-- incident_without_cost_share: the incidents with a final resolution, and of how many it is not known what they cost.
decided as (
  select stream, rank, occurred_at as at, case when cost.stream is null then 1 else 0 end as numerator, 1 as denominator
  from resolution left join cost using (stream)
)
