-- parts: cases
-- knowledge_shared_uses: each time an article helped somebody else than its author.
decided as (
  select used.stream, used.rank, used.occurred_at as at
  from event used
  where type = 'article.used' and not exists (
    select from event drafted where drafted.stream = used.stream and drafted.rank <= used.rank
    and 'person:' || (drafted.told->>'author_id') = coalesce(used.on_behalf_of, used.actor))
)
