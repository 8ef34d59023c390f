-- parts: cases
-- knowledge_shared: articles, when they were first published.
decided as (
  select stream, min(rank) as rank, (array_agg(occurred_at order by rank))[1] as at
  from event where type = 'article.published' group by stream
)
