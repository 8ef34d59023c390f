-- parts: cases
-- knowledge_use: the requests that were delivered for good. Numerator: whether an article helped.
decided as (
  select stream, rank, occurred_at as at,
    (stream in (select stream from event where type = 'request.article_used'))::integer as numerator, 1 as denominator
  from ending
)
