-- request_response_seconds: of the requests that were assessed or begun for the first time, how long after they were
-- submitted. Numerator: the same in business time.
decided as (
  select stream, rank, at, greatest(elapsed, 0) as seconds, greatest(coalesce(counted.seconds, elapsed), 0) as numerator,
    null::bigint as denominator, false as standing, elapsed < 0 as skewed
  from (
    select distinct on (stream) stream, rank, occurred_at as at, opening.opened_at,
      round(extract(epoch from occurred_at - opening.opened_at))::bigint as elapsed
    from event join opening using (stream)
    where type in ('request.assessed', 'request.started') order by stream, rank
  ) response
  join by_hours using (stream, rank) cross join lateral business_time.seconds_between(version, opened_at, at) counted
)
