-- parts: cases, excluded
-- idea_to_standard_ended_seconds: of the suggestions whose improvement was standardised, how long after they were offered.
decided as (
  select offer.stream, 1::bigint as rank, standardised_at as at,
    greatest(round(extract(epoch from standardised_at - opened_at)), 0)::bigint as seconds, size
  from offer join carried using (stream) join improved using (improvement)
  where standardised_at is not null
)
