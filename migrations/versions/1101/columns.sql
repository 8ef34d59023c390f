-- What facts are asked for is stored with them, so that no answer looks it up in other facts. Rows that an older program wrote
-- have none of it until they are made anew; the views look it up for these, which an index each finds.
alter table kpi.incident_opened add column recorded_seconds bigint;
alter table kpi.incident_resolved add column recorded_seconds bigint, add column article_used boolean;
alter table kpi.request_delivered add column article_used boolean;
drop index kpi.incident_opened_recorded, kpi.incident_resolved_recorded;
create index incident_opened_recorded on kpi.incident_opened (recorded_at) include (at, recorded_seconds, priority, team_id,
  service, channel, category, assignee_id, customer_id, source, excluded) where recorded_at is not null;
create index incident_resolved_recorded on kpi.incident_resolved (recorded_at) include (at, recorded_seconds, priority, team_id,
  service, channel, category, assignee_id, customer_id, source, excluded) where final and recorded_at is not null;
create index incident_resolved_older on kpi.incident_resolved (case_id) where final and article_used is null;
create index request_delivered_older on kpi.request_delivered (case_id) where article_used is null;
drop index kpi.incident_resolved_at;
create index incident_resolved_at on kpi.incident_resolved (at) include (seconds, business_seconds, final, reopened,
  reopened_soon, reassignments, handovers, came_back, priority, team_id, service, channel, category, assignee_id, customer_id,
  excluded, article_used);
drop index kpi.request_delivered_at;
create index request_delivered_at on kpi.request_delivered (at) include (seconds, business_seconds, final, rework_rounds,
  requirement_changes, reopened_soon, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path,
  catalogue_item, article_used);

-- Which deployment brought a revision first, and when the change that one brought had been handed in. Both depend on other
-- records, so brought.sql keeps them right. `first` is null: neither is known here.
alter table kpi.deployment_brought add column first boolean, add column handed_at timestamptz;
create index deployment_brought_firsts on kpi.deployment_brought (at)
  include (team_id, service, excluded, committed_at, handed_at) where first;
create index deployment_brought_older on kpi.deployment_brought (case_id) where first is null;
alter table kpi.unfinished add column brought text[] not null default '{}';

-- The dimensions of the case's opening, as the fact of its opening has them, and the cause that was stated of a breach.
-- `knows_opening` is null: the row has neither.
alter table sla.clock
  add column knows_opening boolean,
  add column opened_priority text collate "C",
  add column opened_team_id uuid,
  add column opened_service text collate "C",
  add column opened_channel text collate "C",
  add column opened_category text collate "C",
  add column opened_assignee_id uuid,
  add column opened_customer_id uuid,
  add column breach_cause text collate "C";
create index clock_opened_team on sla.clock (opened_team_id, opened_at) where agreement_type = 'SLA';
create index clock_older on sla.clock (case_id) where knows_opening is null;
