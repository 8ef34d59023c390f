-- requests_per_agent_day, of requests: those that were delivered for good, if whoever held one then had had a hand in it.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, 1::bigint as numerator, null::bigint as denominator,
    false as standing
  from ending join holding using (stream, rank, occurred_at) join hand using (stream, holder)
  where first_rank <= rank
)
