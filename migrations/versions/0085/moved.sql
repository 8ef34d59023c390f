-- incident_moved   every change of team of an incident that has a final resolution, at that and with what was known then
-- position         of the change; ended_position of the resolution
-- came_back        the team that got the case had had it before

-- The facts are made anew from the log.
update log.checkpoint set position = 0 where consumer = 'kpi';

create table kpi.incident_moved (
  like kpi.incident_declared_major,
  n integer not null,
  from_team_id uuid not null,
  to_team_id uuid not null,
  came_back boolean not null,
  ended_position bigint not null,
  primary key (case_id, n)
);
alter table kpi.incident_moved drop column downgraded;
create index incident_moved_at on kpi.incident_moved (at)
  include (from_team_id, to_team_id, came_back, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_moved_team on kpi.incident_moved (team_id, at);
