-- parts: cases
-- The incidents with a final resolution, by when they were over: what they had interrupted was back then, and what had
-- interrupted nothing was resolved.
decided as (
  select stream, rank, case when fields->>'effect' in ('degraded', 'down')
      then coalesce((fields->>'service_restored_at')::timestamptz, occurred_at) else occurred_at end as at,
    null::bigint as seconds, null::bigint as numerator, null::bigint as denominator, false as standing
  from resolution join resolved_with using (stream)
)
