-- parts: cases
-- majors_downgraded: of the incidents that were declared major, those that turned out to be none.
declaration as (
  select distinct on (stream) * from stand where type = 'incident.declared_major' order by stream, rank
),
-- The last that was said of it.
word as (
  select distinct on (stream) stream, type as last from stand
  where type in ('incident.declared_major', 'incident.downgraded') order by stream, rank desc
),
decided as (
  select stream, rank, occurred_at as at, case when last = 'incident.downgraded' then 1 else 0 end as numerator,
    1 as denominator
  from declaration join word using (stream)
)
