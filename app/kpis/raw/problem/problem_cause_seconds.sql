-- parts: cases
-- problem_cause_seconds: of the problems whose cause was found for the first time, how long after they were raised.
decided as (
  select stream, rank, caused_at as at, round(extract(epoch from caused_at - opened_at))::bigint as seconds
  from cause join opening using (stream)
)
