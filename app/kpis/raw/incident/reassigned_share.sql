-- parts: cases
-- reassigned_share: of the incidents with a final resolution, those that changed their team, at any time.
decided as (
  select stream, rank, occurred_at as at, case when moves is not null then 1 else 0 end as numerator, 1 as denominator
  from resolution left join move using (stream)
)
