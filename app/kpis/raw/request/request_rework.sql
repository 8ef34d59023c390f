-- parts: cases
-- request_rework: of the requests that were delivered for good, those of which something had to be done again.
decided as (
  select stream, rank, occurred_at as at, (case when rounds > 0 then 1 else 0 end)::bigint as numerator, 1 as denominator
  from (
    select *, (select count(*) from again where again.stream = ending.stream and again.rank < ending.rank) as rounds
    from ending
  ) done
)
