-- What a KPI asks of its facts besides their dimensions belongs to the index that they are read from, or each is fetched
-- from its table for it.

-- Final deliveries alone are counted.
drop index kpi.request_delivered_seconds, kpi.request_delivered_team;
create index request_delivered_seconds on kpi.request_delivered (seconds)
  include (at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded)
  where final;
create index request_delivered_team on kpi.request_delivered (team_id, at)
  include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded)
  where final;

-- Waits for approvals are told apart by whose they are, also those that last.
drop index kpi.request_approved_seconds, kpi.request_approved_team,
  kpi.request_life_phase_span_class_since_until_responded_resolve_idx;
create index request_approved_seconds on kpi.request_approved (seconds)
  include (at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded,
    approver_role);
create index request_approved_team on kpi.request_approved (team_id, at)
  include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded,
    approver_role);
create index request_life_around on kpi.request_life (phase, span_class, since)
  include (until, responded, undecided, opened_at, priority, team_id, service, channel, category, assignee_id, customer_id,
    path, catalogue_item, approver_role);

-- A team's tasks.
create index request_task_team on kpi.request_task (team_id, at) include (met, excluded);

-- How long each case took that was opened: its final resolution is found with it.
alter table kpi.incident_resolved drop constraint incident_resolved_pkey,
  add primary key (case_id, n) include (final, at, seconds);

-- What is reopened soon is asked of every resolution, not of final ones alone.
drop index kpi.incident_resolved_team;
create index incident_resolved_team on kpi.incident_resolved (team_id, at)
  include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded, final);

-- Counting what a team has got, and finding how it ended, takes no more than this.
drop index kpi.incident_opened_team;
create index incident_opened_team on kpi.incident_opened (team_id, at) include (case_id, excluded);
