-- Which openings follow the resolution of another incident of the same item within 30 days; before version 2 also of one of the
-- same service and category. That is about two cases, of which each may be touched without the other; so it is looked at again for the openings of
-- `cases`, and for those between a resolution that came or went and the next one of its kind, which are the only ones for which
-- it can be otherwise. (A next one that a history tells to have been before its own opening does not count for that.)
-- `services`, `categories`, `cis` and `times` are the resolutions that these cases had before. Of all that only the openings of
-- the `share` of `shares` are looked at.
with resolution as (
  select service, category, ci, at from kpi.incident_resolved
  where final and case_id = any (%(cases)s::uuid[])
  union
  select service, category, ci, at
  from unnest(%(services)s::text[], %(categories)s::text[], %(cis)s::text[], %(times)s::timestamptz[])
    as before(service, category, ci, at)
),
kind_reach as (
  select service, category, at, least(at + interval '720 hours', (
    select min(later.at) from kpi.incident_resolved later
    where later.final and later.service = resolution.service and later.category = resolution.category
      and later.at > resolution.at and later.seconds > 0)) as until
  from resolution where service is not null and category is not null
),
ci_reach as (
  select ci, at, least(at + interval '720 hours', (
    select min(later.at) from kpi.incident_resolved later
    where later.final and later.ci = resolution.ci and later.at > resolution.at and later.seconds > 0)) as until
  from resolution where ci is not null
),
opening as (
  select case_id, at, service, category, ci, repeats from kpi.incident_opened
  where case_id = any (%(cases)s::uuid[]) and kpi.share(case_id::text, %(shares)s) = %(share)s
  union
  select behind.* from kind_reach reach
  cross join lateral (
    select case_id, at, service, category, ci, repeats from kpi.incident_opened opened
    where opened.service = reach.service and opened.category = reach.category
      and opened.at > reach.at and opened.at <= reach.until
    offset 0 -- by the index, whatever the planner believes
  ) behind where kpi.share(case_id::text, %(shares)s) = %(share)s
  union
  select behind.* from ci_reach reach
  cross join lateral (
    select case_id, at, service, category, ci, repeats from kpi.incident_opened opened
    where opened.ci = reach.ci and opened.at > reach.at and opened.at <= reach.until
    offset 0
  ) behind where kpi.share(case_id::text, %(shares)s) = %(share)s
),
looked_at as materialized (
  select case_id, repeats, coalesce(greatest((
    select max(earlier.at) from kpi.incident_resolved earlier
    where earlier.final and earlier.service = opening.service and earlier.category = opening.category
      and earlier.case_id <> opening.case_id and earlier.at < opening.at and opening.at < '2026-11-30 00:00+00'
  ), (
    select max(earlier.at) from kpi.incident_resolved earlier
    where earlier.final and earlier.ci = opening.ci and earlier.case_id <> opening.case_id and earlier.at < opening.at
  )) >= at - interval '720 hours', false) as found
  from opening
),
changed as (
  update kpi.incident_opened opened set repeats = found
  from looked_at where opened.case_id = looked_at.case_id and found <> opened.repeats
    -- Only these are looked for, however many there are.
    and opened.case_id = any (array(select case_id from looked_at where found <> repeats))
  returning opened.case_id
)
-- The cases that it changes without an event of their own (see noting/changed_cases.py).
insert into kpi.changed_case (case_id, position)
select changed.case_id, %(last)s from changed cross join kpi.noting where %(last)s <= kpi.noting.until
