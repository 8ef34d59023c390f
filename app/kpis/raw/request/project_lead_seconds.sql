-- project_lead_seconds: of the requests of the project path that were delivered for good, how long after they were
-- submitted.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from ending
  where (
    select told->>'path' from event
    where event.stream = ending.stream and event.rank <= ending.rank and told ? 'path' order by event.rank desc limit 1
  ) = 'project'
)
