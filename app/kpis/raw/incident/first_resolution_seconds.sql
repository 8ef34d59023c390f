-- parts: cases
-- first_resolution_seconds: from the opening to the first resolution, whatever came after it.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds
  from first_resolution join opening using (stream)
)
