-- What the persons did on each day, in all cases together. It is looked at again for the days on which somebody works on one
-- of the `incidents` or `requests`, and for those on which somebody did before, which are `assignees` and `days`; for the
-- `share` of `shares` of all persons.
with looked_at as (
  select assignee_id, day from kpi.agent_work
  where case_id = any (%(incidents)s::uuid[] || %(requests)s::uuid[])
    and kpi.share(assignee_id::text, %(shares)s) = %(share)s
  union
  select assignee_id, day from unnest(%(assignees)s::uuid[], %(days)s::date[]) as before(assignee_id, day)
  where kpi.share(assignee_id::text, %(shares)s) = %(share)s
),
found as (
  select assignee_id, day, team_id, bit_or(quarters) as quarters, count(ended_at)::integer as ended
  from looked_at
  cross join lateral (
    select team_id, quarters, ended_at from kpi.agent_work
    where assignee_id = looked_at.assignee_id and day = looked_at.day
    offset 0 -- by the index, whatever the planner believes
  ) work
  group by assignee_id, day, team_id
),
-- Only the rows of these days are looked at, however many there are.
gone as (
  delete from kpi.agent_day where ctid = any (array(
    select old.ctid from looked_at
    cross join lateral (
      select ctid, team_id from kpi.agent_day
      where day = looked_at.day and assignee_id = looked_at.assignee_id
      offset 0
    ) old
    where not exists (
      select from found where found.assignee_id = looked_at.assignee_id and found.day = looked_at.day
        and found.team_id is not distinct from old.team_id)
  ))
)
insert into kpi.agent_day as old (assignee_id, day, team_id, quarters, ended)
select assignee_id, day, team_id, quarters, ended from found
on conflict (day, assignee_id, team_id) do update set quarters = excluded.quarters, ended = excluded.ended
where (old.quarters, old.ended) is distinct from (excluded.quarters, excluded.ended)
