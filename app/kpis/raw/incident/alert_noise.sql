-- parts: cases
-- alert_noise: of the incidents that came from monitoring and have a final resolution, those that no person resolved and
-- nobody had started.
started as (
  select distinct stand.stream from stand join resolution using (stream)
  where stand.type = 'incident.started' and not starts_with(stand.actor, 'rule:') and stand.rank < resolution.rank
),
decided as (
  select stream, rank, occurred_at as at,
    case when not starts_with(actor, 'person:') and stream not in (select stream from started) then 1 else 0 end::bigint
      as numerator, 1 as denominator
  from resolution join resolved_with using (stream)
  where fields->>'channel' = 'monitoring'
)
