-- parts: cases
-- knowledge_use: every incident that has ended and not begun again, at its final resolution. Numerator: whether an article helped.
decided as (
  select stream, rank, occurred_at as at,
    (stream in (select stream from event where type = 'incident.article_used'))::integer as numerator, 1 as denominator
  from resolution
)
