-- parts: cases, open
-- The documents that are in force at each of the instants `ends`; `at` is the instant. Numerator: whether the review was due before.
decided as (
  select stream, null::bigint as rank, at, seconds, coalesce((fields->>'review_due_at')::timestamptz < at, false)::integer as numerator,
    1 as denominator, on_hold
  from (
    select alive.*, (
        select jsonb_object_agg(key, value order by event.rank) from event cross join lateral jsonb_each(told)
        where event.stream = alive.stream and (event.rank = 1 or event.occurred_at < alive.at) and key in ('review_due_at', 'published_label')
      ) as fields
    from alive where state not in ('superseded', 'archived', 'destroyed')
  ) known_of
  where fields->>'published_label' is not null
)
