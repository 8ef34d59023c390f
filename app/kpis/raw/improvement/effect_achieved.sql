-- parts: cases, excluded
-- effect_achieved: of the improvements that were judged, those of which the effect on every target KPI was achieved, as it was
-- measured at the position that the judgement names.
decided as (
  select stream, rank, occurred_at as at, (exists (select from achieved where achieved.stream = judgement.stream and achieved)
      and not exists (select from achieved where achieved.stream = judgement.stream and not achieved))::integer as numerator,
    1 as denominator
  from judgement
)
