-- parts: cases
-- change_lead_seconds: of the changes that were implemented for the first time, and not backed out before, how long after they
-- were handed in.
decided as (
  select completion.stream, completion.rank, completion.occurred_at as at,
    greatest(round(extract(epoch from completion.occurred_at - handing.occurred_at)), 0)::bigint as seconds
  from completion join outcome using (stream, rank) join handing using (stream)
)
