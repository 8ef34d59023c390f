-- parts: cases, excluded
-- effect_achieved: of the improvements that were judged, those of which the effect on every target KPI was achieved, as it was
-- measured at the position that the judgement names.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    (exists (select from achieved where achieved.stream = judgement.stream and achieved)
      and not exists (select from achieved where achieved.stream = judgement.stream and not achieved))::integer::bigint as numerator,
    1::bigint as denominator, false as standing, null::text as excluded
  from judgement
)
