-- parts: cases
-- incident_close_seconds: from the opening to the last closing.
closing as (
  select distinct on (stream) * from stand
  where type in ('incident.closed', 'incident.marked_duplicate') order by stream, rank desc
),
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds
  from closing join opening using (stream)
)
