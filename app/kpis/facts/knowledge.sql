-- What the events from position `first` to `last` tell of the use of knowledge: which cases an article helped with, what was
-- suggested, opened and rated in which visit of a portal, and who raised a ticket.
with told as (
  select position, stream, version, occurred_at, type, coalesce(on_behalf_of, actor) as doer, data from log.told
  where position between %(first)s and %(last)s and (
    type in ('incident.article_used', 'request.article_used', 'article.shown', 'article.viewed', 'article.rated')
    or (version = 1 and (left(stream, 9) = 'incident/' or left(stream, 8) = 'request/')))
  offset 0
),
helped as (
  insert into kpi.helped_case (position, case_id)
  select position, split_part(stream, '/', 2)::uuid from told where type in ('incident.article_used', 'request.article_used')
  on conflict do nothing
),
visited as (
  insert into kpi.visit_event (position, session, article_id, what, at, person, helped)
  select position, data->'given'->>'session', substr(stream, 9)::uuid, substr(type, 9), occurred_at,
    case when starts_with(doer, 'person:') then substr(doer, 8) end, (data->'given'->>'helped')::boolean
  from told where left(stream, 8) = 'article/' and data->'given'->>'session' is not null
  on conflict do nothing
)
insert into kpi.ticket_raised (person, at, position)
select data->'set'->stream->>'requester_id', occurred_at, position
from told where version = 1 and left(stream, 8) <> 'article/' and data->'set'->stream->>'requester_id' is not null
on conflict do nothing
