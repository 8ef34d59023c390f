-- parts: cases, excluded
-- effect_achieved_targets: of the target KPIs of the improvements that were judged, those on which the effect was achieved.
decided as (
  select stream, rank, occurred_at as at, achieved::integer as numerator, 1 as denominator
  from achieved
)
