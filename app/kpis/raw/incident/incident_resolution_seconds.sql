-- incident_resolution_seconds: from the opening to the final resolution.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from occurred_at - opened_at))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from resolution join opening using (stream)
)
