-- parts: cases
-- reassignments_per_case: how often the incidents with a final resolution changed their team, at any time.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, coalesce(moves, 0) as numerator,
    1::bigint as denominator, false as standing
  from resolution left join move using (stream)
)
