-- parts: cases
-- change_failure_rate: of the changes whose implementation ended, those that were backed out, that their review calls failed
-- or backed out, or that are linked to an incident as its cause. Of one that was closed, and of which nothing else is said, it
-- is not known.
judged as (
  select outcome.stream, outcome.rank, outcome.occurred_at as at, case when review.outcome in ('failed', 'backed_out')
      or exists (select from turn where turn.stream = outcome.stream and turn.state = 'backed_out')
      or exists (select from caused where caused.stream = outcome.stream) then 1
      when outcome.stream not in (select stream from unjudged) then 0 end as numerator, 1 as denominator,
    case when review.first_pass is null then 'computed' else 'reviewed' end as verdict
  from outcome left join review using (stream)
),
decided as (
  select *, case when numerator is null then 'unknown' end as left_out from judged
)
