-- parts: cases
-- request_state_seconds: of the requests that were delivered for good, how long they had been in each state that they
-- were in up to then.
decided as (
  select ending.stream, ending.rank, ending.occurred_at as at,
    round(sum(extract(epoch from turn.until - turn.since)))::bigint as seconds, turn.state
  from ending join turn on turn.stream = ending.stream and turn.rank < ending.rank
  group by ending.stream, ending.rank, ending.occurred_at, turn.state
)
