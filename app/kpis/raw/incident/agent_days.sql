-- agent_days, of incidents: when their holders did something with them, and when those were resolved for good in which they
-- had had a hand; each at the beginning of its quarter of an hour.
decided as (
  select stream, rank, date_bin('15 minutes', occurred_at, '2000-01-01T00:00:00Z') as at, null::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, true as standing
  from holding join hand using (stream, holder)
  where actor = 'person:' || holder or (first_rank <= rank and (stream, rank) in (select stream, rank from resolution))
)
