-- parts: cases
-- major_incidents: the incidents that were declared major, when they were for the first time.
declaration as (
  select distinct on (stream) * from stand where type = 'incident.declared_major' order by stream, rank
),
decided as (
  select stream, rank, occurred_at as at from declaration
)
