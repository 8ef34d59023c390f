-- parts: cases, excluded
-- pilot_pass_rate_final: of the pilots that were judged for the first time, those that were passed at the last judgement; the
-- denominator has those that were passed or stopped, or whose improvement was reverted.
decided as (
  select stream, rank, occurred_at as at, (finally = 'passed')::integer as numerator, (finally <> 'extended' or exists (
      select from event where event.stream = judged.stream and type = 'improvement.reverted'))::integer as denominator
  from (
    select distinct on (stream) *, (
      select said from pilot_judgement last where last.stream = first.stream order by last.rank desc limit 1) as finally
    from pilot_judgement first order by stream, rank
  ) judged
)
