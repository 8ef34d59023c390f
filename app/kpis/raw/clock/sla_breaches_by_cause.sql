-- parts: cases, excluded
-- sla_breaches_by_cause: the breaches of agreements with customers, each with the cause that was stated of its clock, or else of
-- all clocks of the case; that nobody knows is said last.
stated as (
  select distinct on (stream, name) stream, name, said->>'cause' as cause,
    first_value(said->>'agreement_type') over (partition by stream, name order by position) as agreement_type,
    first_value(said->>'metric') over (partition by stream, name order by position) as metric
  from recorded cross join lateral jsonb_each(data->'set') as told(name, said)
  where type = '{process}.breach_cause_stated' and starts_with(name, 'breach_cause/') and said->>'cause' is not null
  order by stream, name, position desc
),
decided as (
  select stream, null::bigint as rank, breaches_at as at, 1 as numerator, 1 as denominator, agreement_id, metric, coalesce((
      select cause from stated
      where stated.stream = clock.stream and (agreement_type is null or (agreement_type = 'SLA' and stated.metric = clock.metric))
      order by cause = 'unknown', agreement_type is null, name limit 1
    ), 'unknown') as cause
  from clock where breaches_at < %(now)s and not excluded
)
