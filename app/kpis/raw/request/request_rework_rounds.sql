-- parts: cases
-- request_rework_rounds: how often something of the requests that were delivered for good had to be done again.
decided as (
  select stream, rank, occurred_at as at, (rounds)::bigint as numerator, 1 as denominator
  from (
    select *, (select count(*) from again where again.stream = ending.stream and again.rank < ending.rank) as rounds
    from ending
  ) done
)
