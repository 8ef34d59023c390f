-- at_once              it was delivered within 10 seconds of when it was begun; null: nobody said when that was
-- requirement_changes  how often its requester changed what is wanted, before it was delivered for good
-- request_state        how long a request that was delivered had been in a state up to then
-- problem_risk_accepted  when its risk was accepted, and nothing went on behind that

-- The facts are made anew from the log.
truncate kpi.request_delivered, kpi.request_handled;
update log.checkpoint set position = 0 where consumer = 'kpi';

alter table kpi.request_handled add column at_once boolean;
alter table kpi.request_delivered add column requirement_changes integer not null;

create table kpi.request_state (
  like kpi.request_opened,
  state text collate "C" not null,
  seconds bigint not null,
  primary key (case_id, state)
);
alter table kpi.request_state drop column settled;
create index request_state_seconds on kpi.request_state (seconds)
  include (at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded, state);
create index request_state_team on kpi.request_state (team_id, at)
  include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded, state);
create index request_state_at on kpi.request_state (at);

create table kpi.problem_risk_accepted (like kpi.problem_opened including indexes);
alter table kpi.problem_risk_accepted drop column proactive, drop column ended_at, drop column ended_seconds;
