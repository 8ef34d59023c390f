-- parts: cases, excluded
-- idea_to_standard_seconds: of the suggestions that were offered, with the seconds up to when their improvement was standardised, or
-- up to now. What was declined, merged, rejected or reverted never is, and is not left out of sight: it stays among those that
-- have not come to it. Numerator: whether it was standardised.
decided as (
  select offer.stream, 1::bigint as rank, opened_at as at,
    case when standardised_at < %(now)s then greatest(round(extract(epoch from standardised_at - opened_at)), 0)
      else floor(extract(epoch from %(now)s - opened_at)) end::bigint as seconds,
    case when standardised_at < %(now)s then 1 else 0 end as numerator, 1 as denominator, size
  from offer left join carried using (stream) left join improved using (improvement)
  where opened_at < %(now)s
)
