-- request_response_seconds: of the requests that were assessed or begun for the first time, how long after they were
-- submitted.
decided as (
  select distinct on (stream) stream, rank, occurred_at as at,
    greatest(round(extract(epoch from occurred_at - opening.opened_at)), 0)::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from event join opening using (stream)
  where type in ('request.assessed', 'request.started') order by stream, rank
)
