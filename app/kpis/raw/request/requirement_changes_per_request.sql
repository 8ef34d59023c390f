-- parts: cases
-- requirement_changes_per_request: how often the requesters changed what they want of the requests that were delivered for
-- good.
decided as (
  select ending.stream, ending.rank, ending.occurred_at as at, (select count(*) from event
     where event.stream = ending.stream and event.rank < ending.rank and event.type = 'request.requirements_changed'
       and not exists (select from again where again.stream = event.stream and again.rank = event.rank)) as numerator,
    1 as denominator
  from ending
)
