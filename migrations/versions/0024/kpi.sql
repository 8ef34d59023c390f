-- came_back          a team got it back that had given it away
-- first_contact      whoever answered first resolved it, with nobody and nothing in between; null: it came from
--                    monitoring, or another system resolved it, which does not say who did
-- unattended         no person resolved it and nobody had started; null: it did not come from monitoring

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

alter table kpi.incident_resolved
  add column came_back boolean not null,
  add column first_contact boolean,
  add column unattended boolean;

-- Finds the resolution that another one of the same kind came after.
create index incident_resolved_kind on kpi.incident_resolved (service, category, at) include (case_id)
  where service is not null and category is not null;
