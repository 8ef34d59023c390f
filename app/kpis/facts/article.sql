-- The facts of the articles that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql. What visits of portals tell of them is in knowledge.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, coalesce(on_behalf_of, actor) as doer,
    data ? 'irregular' as irregular, data->'set'->stream->'author_id' as author
  from recorded
),
placed as (
  select *, (row_number() over in_order)::integer as place,
    max(author #>> '{}') over in_order as author_id, -- it never changes
    max(position) filter (where version = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position), whole as (partition by case_id)
),
article_published as (
  select distinct on (case_id) case_id, occurred_at as at, author_id::uuid as owner_id, null::text as excluded,
    any_irregular as irregular, position, opened_position
  from placed where type = 'article.published' order by case_id, place
),
-- What helps its own author with a case is not shared by it.
article_used as (
  select case_id, version as n, occurred_at as at, author_id::uuid as owner_id, null::text as excluded,
    any_irregular as irregular, position, opened_position
  from placed where type = 'article.used' and doer is distinct from 'person:' || author_id
)
