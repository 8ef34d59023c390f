-- parts: cases
-- knowledge_use: the requests that were delivered for good. Numerator: whether an article helped.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    (stream in (select stream from event where type = 'request.article_used'))::integer::bigint as numerator,
    1::bigint as denominator, false as standing
  from ending
)
