-- cost       of a final resolution: what work and things came to, in hundredths of the currency; null: it is not known
-- currency   in which all of it was

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_restored, kpi.incident_declared_major, kpi.incident_response_due,
  kpi.incident_resolution_due, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

alter table kpi.incident_resolved add column cost bigint, add column currency text;
