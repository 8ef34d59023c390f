-- The facts are made anew from the log: of openings that were moved, and of cancellations that were taken back, they say
-- something else now.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_response_due, kpi.incident_resolution_due, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';
