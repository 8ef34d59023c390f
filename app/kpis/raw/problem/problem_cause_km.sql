-- parts: cases, opening
-- problem_cause_km: of the problems that were raised, with the seconds up to when their cause was found, or up to now;
-- numerator: whether it was.
decided as (
  select stream, 1::bigint as rank, opened_at as at,
    case when caused_at < %(now)s then greatest(round(extract(epoch from caused_at - opened_at)), 0)
      else floor(extract(epoch from %(now)s - opened_at)) end::bigint as seconds,
    case when caused_at < %(now)s then 1 else 0 end as numerator, 1 as denominator, true as opening
  from opening left join cause using (stream) where opened_at < %(now)s
)
