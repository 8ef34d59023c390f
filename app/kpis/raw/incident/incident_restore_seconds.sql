-- incident_restore_seconds: from when the outage began, or else the opening, to when service came back, of the incidents
-- with a final resolution that touched their service.
decided as (
  select stream, rank, (fields->>'service_restored_at')::timestamptz as at,
    greatest(round(extract(epoch from (fields->>'service_restored_at')::timestamptz
      - coalesce((fields->>'began_at')::timestamptz, opened_at)))::bigint, 0) as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from resolution join opening using (stream) join resolved_with using (stream)
  where fields->>'effect' in ('degraded', 'down') and fields->>'service_restored_at' is not null
)
