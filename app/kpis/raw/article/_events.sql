-- What portals told of an article: in which visit, and of whom where the actor is a person.
portal as (
  select stream, position, occurred_at, type, data->'given'->>'session' as visit, data->'given'->>'helped' as helped,
    nullif(coalesce(on_behalf_of, actor), replace(coalesce(on_behalf_of, actor), 'person:', '')) as visitor
  from recorded
  where type in ('article.shown', 'article.viewed', 'article.rated') and data->'given'->>'session' is not null
),
-- A visit begins where an article is suggested in it first.
visit as (
  select distinct on (visit) visit, stream, occurred_at as at from portal
  where type = 'article.shown' order by visit, occurred_at, position
),
-- The articles that were suggested and opened in a visit, and whether they helped, as was said last (null: nothing was).
opened_in as (
  select distinct looked.visit, looked.stream, (
      select helped::boolean from portal said
      where said.visit = looked.visit and said.stream = looked.stream and said.type = 'article.rated'
      order by said.occurred_at desc, said.position desc limit 1
    ) as helped
  from portal looked
  where looked.type = 'article.viewed' and exists (
    select from portal shown where shown.visit = looked.visit and shown.stream = looked.stream and shown.type = 'article.shown')
),
-- Whose tickets were raised when.
ticket as (
  select 'person:' || (data->'set'->stream->>'requester_id') as visitor, occurred_at
  from log.told
  where version = 1 and position <= %(position)s and (starts_with(stream, 'incident/') or starts_with(stream, 'request/'))
),
-- The visits of somebody who raised one within a day.
followed as (
  select distinct visit.visit
  from visit join portal on portal.visit = visit.visit join ticket on ticket.visitor = portal.visitor
  where ticket.occurred_at >= visit.at and ticket.occurred_at < visit.at + interval '24 hours'
),
