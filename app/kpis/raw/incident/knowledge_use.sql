-- parts: cases
-- knowledge_use: every incident that has ended and not begun again, at its final resolution. Numerator: whether an article helped.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    (stream in (select stream from event where type = 'incident.article_used'))::integer::bigint as numerator,
    1::bigint as denominator, false as standing
  from resolution
)
