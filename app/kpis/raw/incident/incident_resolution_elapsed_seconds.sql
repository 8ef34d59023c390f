-- parts: cases
-- incident_resolution_elapsed_seconds: from the opening to the final resolution, by the clock on the wall.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds
  from resolution join opening using (stream)
)
