-- parts: cases
-- agent_days, of requests: when their holders did something with them, and when those were delivered in which they had had a
-- hand, and not taken up again within the days that were agreed; each at the beginning of its quarter of an hour.
decided as (
  select stream, rank, date_bin('15 minutes', occurred_at, '2000-01-01T00:00:00Z') as at, true as standing
  from assignment join involvement using (stream, holder)
  where actor = 'person:' || holder or (first_rank <= rank and (stream, rank) in (
    select stream, rank from every_delivery join (select stream, state as last_state from last_turn) last using (stream)
    where not reopened_soon and last_state not in ('cancelled', 'rejected')))
)
