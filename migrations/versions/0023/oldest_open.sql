-- When a case was opened stands in the index, too: the oldest of those that are open at an instant is found with them.
drop index kpi.incident_life_around;
create index incident_life_around on kpi.incident_life (phase, span_class, since)
  include (until, responded, resolved_before, opened_at, priority, team_id, service, channel, category, assignee_id, customer_id);
