-- parts: cases, excluded
-- pilot_pass_rate: of the pilots that were judged for the first time, those that were passed then.
decided as (
  select distinct on (stream) stream, rank, occurred_at as at, null::bigint as seconds, (said = 'passed')::integer::bigint as numerator,
    1::bigint as denominator, false as standing, null::text as excluded
  from pilot_judgement order by stream, rank
)
