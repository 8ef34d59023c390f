-- parts: cases
-- reassignments_per_case: how often the incidents with a final resolution changed their team, at any time.
decided as (
  select stream, rank, occurred_at as at, coalesce(moves, 0) as numerator, 1 as denominator
  from resolution left join move using (stream)
)
