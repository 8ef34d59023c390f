-- What the incidents of cases.sql have no facts of, and the facts of articles, services and agreements, as the consumer would
-- have written them: of each resolved incident its cost; one in fifty is a major one, one in four was handed to another team, one
-- in five was solved by an article; one ticket in ten names what was not there. So many `articles` are published between `begin`
-- and `end`, each with twenty visits and uses; and there are so many `services` and `agreements`.
-- Those of cases.sql are recorded in a minute; here each is within the hour, one in thirty within days.
update kpi.incident_opened set recorded_at = at + late * interval '1 second', recorded_seconds = late
from (select case_id as id, abs(hashtext(case_id::text)) %% 3600 * case when hashtext(case_id::text) %% 30 = 0 then 60 else 1 end as late
  from kpi.incident_opened) told where id = case_id;

update kpi.incident_resolved
set recorded_at = at + abs(hashtext(case_id::text)) %% 600 * interval '1 second', recorded_seconds = abs(hashtext(case_id::text)) %% 600,
  article_used = hashtext(case_id::text) %% 5 = 0,
  cost = 2000 + abs(hashtext(case_id::text)) %% 20000, currency = 'EUR',
  review_on_time = case when hashtext(case_id::text) %% 50 = 0 then hashtext(case_id::text) %% 250 <> 0 end;

insert into kpi.incident_declared_major (case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id,
  excluded, irregular, position, opened_position, downgraded)
select case_id, at + interval '20 minutes', priority, team_id, service, channel, category, assignee_id, customer_id,
  excluded, irregular, position, opened_position, hashtext(case_id::text) %% 500 = 0
from kpi.incident_opened where hashtext(case_id::text) %% 50 = 0;

insert into kpi.incident_moved (case_id, n, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
  irregular, position, opened_position, from_team_id, to_team_id, came_back, ended_position)
select case_id, 1, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
  irregular, position, opened_position, team.id, team_id, hashtext(case_id::text) %% 12 = 0, position
from kpi.incident_resolved join bench.team on team.n = abs(hashtext(case_id::text)) / 4 %% 20
where final and hashtext(case_id::text) %% 4 = 0 and team.id <> team_id;

insert into kpi.helped_case (position, case_id)
select position, case_id from kpi.incident_resolved where final and hashtext(case_id::text) %% 5 = 0;

insert into kpi.unknown_key_case (case_id)
select case_id from kpi.incident_opened where hashtext(case_id::text) %% 10 = 0
union select case_id from kpi.request_opened where hashtext(case_id::text) %% 10 = 0 -- its ids are the incidents'
on conflict do nothing; -- incidents may name something unknown already

insert into kpi.article_published (case_id, at, owner_id, irregular, position, opened_position)
select md5('article' || made.n)::uuid, %(begin)s::timestamptz + made.n * (%(end)s::timestamptz - %(begin)s) / %(articles)s::bigint,
  person.id, false, made.n, made.n
from generate_series(0, %(articles)s::bigint - 1) made(n) join bench.person on person.n = made.n %% 60;

insert into kpi.article_used (case_id, n, at, owner_id, irregular, position, opened_position)
select case_id, n, at + n * (%(end)s::timestamptz - at) / 21, owner_id, false, position, position
from kpi.article_published cross join generate_series(1, 20) as n;

insert into kpi.article_visit (session, case_id, at, deflected, confirmed, position, positions)
select case_id || ' ' || n, case_id, at, (position + n) %% 3 > 0, (position + n) %% 6 = 0, position, array[position, position + 1]
from kpi.article_used;

insert into kpi.service_stretch (case_id, n, since, until, service, owner_id, team_id, opened_at, irregular, position, opened_position)
select md5('service' || made.n)::uuid, 1, %(begin)s, 'infinity', 'made-' || made.n, person.id, team.id, %(begin)s, false, made.n, made.n
from generate_series(1, %(services)s) made(n)
join bench.team on team.n = made.n %% 20 join bench.person on person.n = made.n %% 60;

insert into kpi.sla_signed (case_id, at)
select md5('agreement' || n)::uuid, %(begin)s::timestamptz + n * interval '12 hours' from generate_series(1, %(agreements)s) n;

insert into kpi.sla_cover (case_id, service, since, until)
select case_id, 'made-' || row_number() over () %% %(services)s, at, case when random() < 0.5 then 'infinity' else at + interval '300 days' end
from kpi.sla_signed;

-- Each is reviewed after a year, a month late.
insert into kpi.sla_life (case_id, n, since, until, phase, on_hold, overdue, opened_at, agreement_type, owner_id, irregular,
  position, opened_position)
select case_id, stretch.n, at + first * interval '1 day', coalesce(at + past * interval '1 day', 'infinity'), 'open', false, overdue, at,
  (array['SLA', 'OLA', 'UC'])[1 + abs(hashtext(case_id::text)) %% 3], person.id, false, stretch.n, 1
from kpi.sla_signed
cross join (values (1, 0, 365, false), (2, 365, 395, true), (3, 395, null, false)) stretch(n, first, past, overdue)
join bench.person on person.n = abs(hashtext(case_id::text)) %% 60;

-- So many suggestions as there are agreements, of which one in two is carried out: piloted, judged, standardised and measured again.
insert into kpi.improvement_suggestion_offered (case_id, at, source, process, team_id, offered_by, irregular, position, opened_position,
  selected, settled_on, improvement_id)
select md5('suggestion' || made.n)::uuid, %(begin)s::timestamptz + made.n * interval '24 hours',
  (array['staff', 'management', 'kpi_trend'])[1 + made.n %% 3], (array['incident', 'request', null])[1 + made.n %% 3], team.id, 'person', false, made.n, made.n,
  made.n %% 2 = 0, made.n %% 4 < 3, case when made.n %% 2 = 0 then md5('improvement' || made.n)::uuid end
from generate_series(1, %(agreements)s) made(n) join bench.team on team.n = made.n %% 20;

insert into kpi.improvement_course (case_id, size, standardised_at, position)
select improvement_id, (array['minor', 'major'])[1 + position %% 4 / 2], at + interval '90 days', position
from kpi.improvement_suggestion_offered where selected;

insert into kpi.improvement_pilot_judged (case_id, at, process, size, irregular, position, opened_position, passed, finally_passed,
  pilot_ended)
select course.case_id, at + interval '60 days', process, size, false, offered.position, opened_position, offered.position %% 3 > 0, true, true
from kpi.improvement_suggestion_offered offered join kpi.improvement_course course on course.case_id = offered.improvement_id;

insert into kpi.improvement_judged (case_id, at, process, size, irregular, position, opened_position, achieved)
select case_id, at, process, size, irregular, position, opened_position, passed from kpi.improvement_pilot_judged;

insert into kpi.improvement_target_judged (case_id, n, at, process, size, irregular, position, opened_position, target, achieved)
select case_id, 1, at, process, size, irregular, position, opened_position, 'restore', passed from kpi.improvement_pilot_judged;

insert into kpi.improvement_benefit_due (case_id, n, at, process, size, irregular, position, opened_position, kept)
select case_id, n, at + n * interval '30 days', process, size, irregular, position, opened_position, passed
from kpi.improvement_pilot_judged cross join (values (3), (6), (12)) due(n);

-- As many audits with a finding and its corrective action, rounds of maintenance, risks and documents.
insert into kpi.audit_self_check_due (case_id, at, process, team_id, irregular, position, opened_position, met)
select md5('audit' || made.n)::uuid, %(begin)s::timestamptz + made.n * interval '24 hours', 'incident', team.id, false, made.n, made.n,
  made.n %% 5 > 0
from generate_series(1, %(agreements)s) made(n) join bench.team on team.n = made.n %% 20;

insert into kpi.audit_summary_due (case_id, at, process, team_id, irregular, position, opened_position, met)
select case_id, at + interval '20 days', process, team_id, irregular, position, opened_position, position %% 4 > 0
from kpi.audit_self_check_due;

insert into kpi.finding_raised (case_id, at, process, team_id, irregular, position, opened_position, self_found, repeats_finding)
select case_id, at, process, team_id, irregular, position, opened_position, position %% 3 > 0, position %% 6 = 0
from kpi.audit_self_check_due;

insert into kpi.corrective_action_due (case_id, at, process, owner_id, irregular, position, opened_position, met)
select case_id, at + interval '30 days', process, person.id, irregular, position, opened_position, position %% 7 > 0
from kpi.finding_raised join bench.person on person.n = position %% 60;

insert into kpi.maintenance_due (case_id, at, team_id, service, irregular, position, opened_position, met)
select case_id, at, team_id, 'made-' || 1 + position %% %(services)s, irregular, position, opened_position, position %% 9 > 0
from kpi.audit_self_check_due;

insert into kpi.risk_course (case_id, n, at, risk_event, risk, process, owner_id, irregular, position, opened_position)
select case_id, step.n, at + step.n * interval '10 days', step.event, step.level, process, owner_id, irregular, position, opened_position
from kpi.corrective_action_due cross join (values (1, 'new', 'high'), (2, 'down', 'low')) step(n, event, level);

insert into kpi.risk_life (case_id, n, since, until, phase, on_hold, opened_at, risk, process, owner_id, irregular, position,
  opened_position)
select case_id, n, at, coalesce(lead(at) over (partition by case_id order by n), 'infinity'), 'open', false,
  min(at) over (partition by case_id), risk, process, owner_id, irregular, position, opened_position
from kpi.risk_course;

insert into kpi.document_life (case_id, n, since, until, phase, on_hold, overdue, opened_at, document_class, owner_id, irregular,
  position, opened_position)
select case_id, 1, at, 'infinity', 'open', false, position %% 8 = 0, at, 'SO', owner_id, irregular, position, opened_position
from kpi.corrective_action_due;
