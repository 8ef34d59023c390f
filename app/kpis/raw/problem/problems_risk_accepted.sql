-- parts: cases
-- problems_risk_accepted: the problems whose risk was accepted and that did not go on behind it.
decided as (
  select distinct on (event.stream) event.stream, event.rank, event.occurred_at as at
  from event
  where event.type = 'problem.risk_accepted' and not exists (
    select from turn later where later.stream = event.stream and later.rank > event.rank
    and later.state not in ('resolved', 'closed'))
  order by event.stream, event.rank desc
)
