-- parts: cases
-- reopen_rate: of all resolutions, those that the case left again, to be worked on, within the days that were agreed.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, reopened_soon::integer::bigint as numerator,
    1::bigint as denominator, false as standing
  from every_resolution
)
