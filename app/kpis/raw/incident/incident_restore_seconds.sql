-- parts: cases
-- incident_restore_seconds: from when the outage began, or else the opening, to when service came back, of the incidents
-- with a final resolution that touched their service.
outage as (
  select stream, rank, (fields->>'service_restored_at')::timestamptz as restored_at, fields->>'began_at' is null as unknown,
    coalesce((fields->>'began_at')::timestamptz, opened_at) as began_at
  from resolution join opening using (stream) join resolved_with using (stream)
  where fields->>'effect' in ('degraded', 'down') and fields->>'service_restored_at' is not null
),
decided as (
  select stream, rank, restored_at as at, greatest(round(extract(epoch from restored_at - began_at))::bigint, 0) as seconds,
    unknown or round(extract(epoch from restored_at - began_at)) < 0 as skewed
  from outage
)
