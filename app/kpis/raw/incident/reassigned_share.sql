-- parts: cases
-- reassigned_share: of the incidents with a final resolution, those that changed their team, at any time.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    case when moves is not null then 1 else 0 end::bigint as numerator, 1::bigint as denominator, false as standing
  from resolution left join move using (stream)
)
