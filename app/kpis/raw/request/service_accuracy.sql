-- parts: cases
-- service_accuracy: of the requests that were delivered for good, those of which nothing had to be done again, neither
-- before nor within the days that were agreed.
decided as (
  select stream, rank, occurred_at as at,
    (case when rounds = 0 and stream not in (select stream from taken_up) then 1 else 0 end)::bigint as numerator,
    1 as denominator
  from (
    select *, (select count(*) from again where again.stream = ending.stream and again.rank < ending.rank) as rounds
    from ending
  ) done
)
