-- Whether an opened case has ended and was not taken up again soon; which item an incident is about.
alter table kpi.incident_opened add column settled boolean not null default false, add column ci text collate "C";
drop index kpi.incident_opened_at;
create index incident_opened_at on kpi.incident_opened (at) include (priority, team_id, service, channel, category, assignee_id, customer_id, source, excluded, ended_at, ended_seconds, settled);
create index incident_opened_ci on kpi.incident_opened (ci, at) where ci is not null;

alter table kpi.incident_resolved add column ci text collate "C";
create index incident_resolved_ci on kpi.incident_resolved (ci, at) include (case_id) where final and ci is not null;

alter table kpi.request_opened add column ended boolean not null default false;

-- Whether the incident repeats another one of the same problem.
alter table kpi.problem_incident add column repeats boolean not null default false;
create index problem_incident_incident on kpi.problem_incident (incident_id);

alter table kpi.unfinished add column cis text[] not null default '{}';

-- The cases that came in: requests and incidents.
create view kpi.request_received as
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded,
    irregular, position, opened_position, settled, ended
  from kpi.request_opened
  union all
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, null::text, null::text, excluded,
    irregular, position, opened_position, settled, ended_at is not null
  from kpi.incident_opened;

-- All facts are made anew.
update log.checkpoint set position = 0 where consumer = 'kpi';
