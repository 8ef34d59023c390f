-- repeat_incident_rate: of the incidents opened, those that were within 30 days after the final resolution of another one
-- of the same service and category.
-- Service and category that each was resolved with, and opened with. One that repeats another was opened in the same 30
-- days since 1970 as that was resolved in, or in the next: this only finds them sooner.
resolved_as as (
  select stream, occurred_at as at, fields->>'service' as service, fields->>'category' as category,
    floor(extract(epoch from occurred_at) / 2592000) as span
  from resolution join resolved_with using (stream)
  where fields->>'service' is not null and fields->>'category' is not null
),
opened_as as (
  select stream, opened_at as at, told->>'service' as service, told->>'category' as category,
    floor(extract(epoch from opened_at) / 2592000) - generate_series(0, 1) as span
  from opening join (select stream, told from event where rank = 1) first using (stream)
  where told->>'service' is not null and told->>'category' is not null
),
repeated as (
  select distinct later.stream
  from opened_as later join resolved_as earlier
    on (earlier.service, earlier.category, earlier.span) = (later.service, later.category, later.span)
  where earlier.stream <> later.stream
    and earlier.at < later.at and earlier.at >= later.at - interval '720 hours'
),
decided as (
  select opening.stream, 1::bigint as rank, opened_at as at, null::bigint as seconds,
    case when repeated.stream is not null then 1 else 0 end::bigint as numerator, 1::bigint as denominator,
    false as standing, true as opening
  from opening left join repeated using (stream)
)
