-- parts: cases
-- When each change was handed in, where that is known.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, null::bigint as numerator, null::bigint as denominator,
    false as standing
  from handed_in
)
