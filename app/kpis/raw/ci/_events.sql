-- Its alterations after it went live: each is counted in the event that tells of it.
alteration as (
  select stream, rank, position, occurred_at, coalesce((told->>'unauthorised_count')::integer, 0) = 0 as authorised,
    (told->>'unauthorised_count')::integer as number
  from event
  where (told->>'alteration_count')::integer > 0 or (told->>'unauthorised_count')::integer > 0
),
