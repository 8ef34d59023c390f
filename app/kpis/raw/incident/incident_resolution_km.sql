-- parts: cases, opening
-- incident_resolution_km: every incident that was reported, with the seconds up to its final resolution, or up to now;
-- the numerator says whether it was resolved.
decided as (
  select opening.stream, 1::bigint as rank, opened_at as at,
    case when resolution.stream is null then floor(extract(epoch from %(now)s::timestamptz - opened_at))
      else greatest(round(extract(epoch from occurred_at - opened_at)), 0) end::bigint as seconds,
    case when resolution.stream is not null then 1 else 0 end as numerator, 1 as denominator, true as opening
  from opening
  left join resolution on resolution.stream = opening.stream and resolution.occurred_at < %(now)s
  where opened_at < %(now)s
)
