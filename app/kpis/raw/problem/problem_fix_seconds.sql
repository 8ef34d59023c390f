-- parts: cases
-- problem_fix_seconds: of the problems that were resolved for good and whose cause is known, how long after it was found.
decided as (
  select stream, ending.rank, occurred_at as at,
    greatest(round(extract(epoch from occurred_at - caused_at)), 0)::bigint as seconds
  from ending join cause using (stream)
)
