-- parts: cases
-- incidents_closed: every incident that was ever closed, at the last time.
closing as (
  select distinct on (stream) * from stand
  where type in ('incident.closed', 'incident.marked_duplicate') order by stream, rank desc
),
decided as (
  select stream, rank, occurred_at as at from closing
)
