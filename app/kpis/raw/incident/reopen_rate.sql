-- parts: cases
-- reopen_rate: of all resolutions, those that the case left again, to be worked on, within the days that were agreed.
decided as (
  select stream, rank, occurred_at as at, reopened_soon::integer as numerator, 1 as denominator
  from every_resolution
)
