-- incident_response_seconds: from the opening to the first response; a clock that is wrong gives no less than 0.
decided as (
  select stream, rank, occurred_at as at,
    greatest(round(extract(epoch from occurred_at - opened_at))::bigint, 0) as seconds, null::bigint as numerator,
    null::bigint as denominator, false as standing, round(extract(epoch from occurred_at - opened_at)) < 0 as skewed
  from response join opening using (stream)
)
