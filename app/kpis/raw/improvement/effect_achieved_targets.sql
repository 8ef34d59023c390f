-- parts: cases, excluded
-- effect_achieved_targets: of the target KPIs of the improvements that were judged, those on which the effect was achieved.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, achieved::integer::bigint as numerator, 1::bigint as denominator,
    false as standing, null::text as excluded
  from achieved
)
