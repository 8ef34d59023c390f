-- Whether a case is on hold is asked of everything that is open at an instant.
drop index kpi.incident_life_around, kpi.request_life_around;
create index incident_life_around on kpi.incident_life (phase, span_class, since)
  include (until, on_hold, responded, resolved_before, opened_at, priority, team_id, service, channel, category, assignee_id,
    customer_id);
create index request_life_around on kpi.request_life (phase, span_class, since)
  include (until, on_hold, responded, undecided, opened_at, priority, team_id, service, channel, category, assignee_id,
    customer_id, path, catalogue_item, approver_role);
