-- parts: cases, excluded
-- pilot_pass_rate: of the pilots that were judged for the first time, those that were passed then.
decided as (
  select distinct on (stream) stream, rank, occurred_at as at, (said = 'passed')::integer as numerator, 1 as denominator
  from pilot_judgement order by stream, rank
)
