-- Two clocks of one in `every` incidents, of so many cases, as the engine would have written them for an agreement for
-- everything: of the answer, in a quarter of an hour, and of the solution, in a day; round the clock. And of half the breaches a
-- cause, of some that they are none. `agreement` is its id.
insert into sla.clock (id, case_id, kind, agreement_type, agreement_id, target_id, why, metric, round, target_seconds, calendar,
  started_at, stopped_at, state, runs, elapsed_seconds, counted_at, due_at, breaches_at, breached_at, first_warned_75_at,
  warning_seconds, marks, retargeted, urgent, living, priority, team_id, service, channel, category, assignee_id, customer_id,
  opened_at, opened_position, position, excluded, irregular, breach_priority, breach_team_id, breach_service, breach_channel,
  breach_category, breach_assignee_id, breach_customer_id, knows_opening, opened_priority, opened_team_id, opened_service,
  opened_channel, opened_category, opened_assignee_id, opened_customer_id)
select gen_random_uuid(), case_id, 'incident', 'SLA', %(agreement)s::uuid, target.metric, 'default', target.metric, 1, target.seconds, 'always',
  opened.at, ended.at, case when ended.at is null then 'running' when late then 'missed' else 'met' end,
  array_remove(array[extract(epoch from opened.at)::bigint, extract(epoch from ended.at)::bigint], null), ended.seconds, coalesce(ended.at, opened.at),
  due_at, case when late or ended.at is null then due_at end, case when late then due_at end,
  case when ended.at is null or ended.seconds >= target.seconds * 3 / 4 then opened.at + target.seconds * 3 / 4 * interval '1 second' end,
  target.seconds * 3 / 4, '{}', false, false, true, opened.priority, opened.team_id, opened.service, opened.channel, opened.category,
  opened.assignee_id, opened.customer_id, opened.at, opened.opened_position, coalesce(ended.position, opened.position), opened.excluded,
  opened.irregular, opened.priority, opened.team_id, opened.service, opened.channel, opened.category, opened.assignee_id,
  opened.customer_id, true, opened.priority, opened.team_id, opened.service, opened.channel, opened.category, opened.assignee_id,
  opened.customer_id
from (select * from kpi.incident_opened where excluded is null and hashtext(case_id::text) %% %(every)s = 0 order by at desc
  limit %(cases)s) opened
cross join (values ('response', 900), ('resolution', 86400)) target(metric, seconds)
cross join lateral (select opened.at + target.seconds * interval '1 second' as due_at offset 0) due
left join lateral (
  select at, seconds, position from kpi.incident_responded where case_id = opened.case_id and target.metric = 'response'
  union all
  select at, seconds, position from kpi.incident_resolved where case_id = opened.case_id and final and target.metric = 'resolution'
) ended on true
cross join lateral (select coalesce(ended.seconds > target.seconds, false) as late offset 0) judged;

insert into kpi.breach_cause (id, case_id, cause)
select gen_random_uuid(), case_id, (array['workload', 'vendor', 'technical'])[1 + row_number() over () %% 3]
from (select distinct case_id from sla.clock where state = 'missed') missed where hashtext(case_id::text) %% 2 = 0;

update sla.clock set breach_cause = said.cause from kpi.breach_cause said where said.case_id = clock.case_id;

insert into kpi.breach_withdrawn (position, clock_id, case_id, at, agreement_id, metric, cause, priority, team_id, opened_position)
select opened_position, id, case_id, breaches_at, agreement_id, metric, 'reprioritised', priority, team_id, opened_position
from sla.clock where state = 'missed' and metric = 'resolution' and hashtext(case_id::text) %% 20 = 0
