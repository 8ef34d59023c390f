-- When its cause was found first.
cause as (
  select distinct on (stream) stream, rank, occurred_at as caused_at from event
  where type = 'problem.cause_identified' order by stream, rank
),
