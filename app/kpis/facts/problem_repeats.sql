-- Which incidents of a problem were opened within 30 days after the resolution of another one of the same problem. It is looked
-- at again for all incidents of the `problems`, and of those that the `incidents` are linked to; for the `share` of `shares`.
with problem as (
  select id from unnest(%(problems)s::uuid[]) as touched(id) where kpi.share(id::text, %(shares)s) = %(share)s
  union
  select case_id from kpi.problem_incident
  where incident_id = any (%(incidents)s::uuid[]) and kpi.share(case_id::text, %(shares)s) = %(share)s
),
linked as materialized (
  select shows.case_id, shows.incident_id, shows.repeats from problem
  cross join lateral (
    select case_id, incident_id, repeats from kpi.problem_incident where case_id = problem.id
    offset 0 -- by the index, whatever the planner believes
  ) shows
),
-- In the order in which they happened: what is opened at the instant of a resolution comes first, as it comes after nothing.
-- What a history tells to have been resolved before its own opening is not looked for so, but one by one.
happened as (
  select linked.case_id, incident_id, opened.at, null::timestamptz as resolved_at
  from linked cross join lateral (select at from kpi.incident_opened where case_id = incident_id offset 0) opened
  union all
  select linked.case_id, incident_id, resolved.at, resolved.at
  from linked cross join lateral (
    select at, seconds from kpi.incident_resolved where case_id = incident_id and final offset 0
  ) resolved where seconds > 0
),
odd as (
  select linked.case_id, incident_id, resolved.at
  from linked cross join lateral (
    select at, seconds from kpi.incident_resolved where case_id = incident_id and final offset 0
  ) resolved where seconds <= 0
),
looked_at as materialized (
  select case_id, incident_id, last_at >= at - interval '720 hours' or exists (
      select from odd where odd.case_id = latest.case_id and odd.incident_id <> latest.incident_id
        and odd.at < latest.at and odd.at >= latest.at - interval '720 hours') as found
  from (
    select *, max(resolved_at) over (partition by case_id order by at, resolved_at is not null
                                     rows between unbounded preceding and current row) as last_at
    from happened
  ) latest
  where resolved_at is null
),
changed as (
  update kpi.problem_incident shows set repeats = coalesce(found, false)
  from looked_at join linked using (case_id, incident_id)
  where (shows.case_id, shows.incident_id) = (looked_at.case_id, looked_at.incident_id)
    and coalesce(found, false) <> linked.repeats
    and shows.case_id = any (array(select id from problem))
  returning shows.incident_id
)
-- The cases that it changes without an event of their own (see noting/changed_cases.py).
insert into kpi.changed_case (case_id, position)
select changed.incident_id, %(last)s from changed cross join kpi.noting where %(last)s <= kpi.noting.until
