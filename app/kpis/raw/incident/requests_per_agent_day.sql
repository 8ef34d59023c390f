-- requests_per_agent_day, of incidents: every one that has ended and not begun again, at its final resolution, if whoever
-- held it then had had a hand in it.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds, 1::bigint as numerator,
    null::bigint as denominator, false as standing
  from resolution join holding using (stream, rank, occurred_at) join hand using (stream, holder)
  where first_rank <= rank
)
