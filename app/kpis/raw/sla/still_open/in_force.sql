-- parts: cases, open
-- The agreements that are signed, and have not ended, at each of the instants `ends`; `at` is the instant. Numerator: whether
-- its review was due before.
decided as (
  select alive.stream, null::bigint as rank, at, seconds, coalesce((
      select (told->>'review_due_at')::timestamptz from event
      where event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at) and told ? 'review_due_at'
      order by event.rank desc limit 1
    ) < alive.at, false)::integer as numerator, 1 as denominator, on_hold
  from alive
  where state in ('signed', 'under_review')
)
