-- What facts are asked for is stored with them, so that no answer looks it up in other facts. Rows that an older program wrote
-- have none of it until they are made anew; the views look it up for these.
alter table kpi.incident_opened add column recorded_seconds bigint;
alter table kpi.incident_resolved add column recorded_seconds bigint, add column article_used boolean;
alter table kpi.request_delivered add column article_used boolean;

-- Which deployment brought a revision first, and when the change that one brought had been handed in. Both depend on other
-- records, so brought.sql keeps them right. `first` is null: neither is known here.
alter table kpi.deployment_brought add column first boolean, add column handed_at timestamptz;
create index deployment_brought_firsts on kpi.deployment_brought (at)
  include (first, brought, case_id, team_id, service, excluded, committed_at, change_id, handed_at) where first is not false;
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
create index clock_without_opening on sla.clock (case_id) where knows_opening is null;
