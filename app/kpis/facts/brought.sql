-- Which deployment brought a revision, or a change, first; and when the change that it brought had been handed in. Of each that
-- is about several records, of which each may be touched without the others. So it is looked at again for whatever the
-- `deployments` bring now or brought before (`brought`), and for the `changes`.
with touched as (
  select brought from kpi.deployment_brought where case_id = any (%(deployments)s::uuid[])
  union
  select unnest(%(brought)s::text[])
  union
  select 'change/' || id from unnest(%(changes)s::text[]) as id
),
looked_at as materialized (
  select part.case_id, part.brought, part.first, part.handed_at, handed.at as found_at,
    row_number() over (partition by part.brought order by part.at, part.case_id) = 1 as is_first
  from touched
  cross join lateral (
    select * from kpi.deployment_brought where brought = touched.brought offset 0 -- by the index, whatever the planner believes
  ) part
  left join kpi.change_handed handed on handed.case_id = part.change_id
),
changed as (
  update kpi.deployment_brought part set first = is_first, handed_at = found_at
  from looked_at
  where part.case_id = looked_at.case_id and part.brought = looked_at.brought
    and (part.first, part.handed_at) is distinct from (is_first, found_at)
    -- Only these are looked for, however many there are.
    and part.case_id = any (array(
      select case_id from looked_at where (first, handed_at) is distinct from (is_first, found_at)))
  returning part.case_id
)
-- The cases that it changes without an event of their own (see noting/changed_cases.py).
insert into kpi.changed_case (case_id, position)
select changed.case_id, %(last)s from changed cross join kpi.noting where %(last)s <= kpi.noting.until
