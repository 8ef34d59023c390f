-- incident_restored        when service came back, of incidents that touched one; inferred: nobody said when it began
-- incident_declared_major  when it was, for the first time; downgraded: that is the last that was said of it
-- review_on_time           of a major incident, whether it was reviewed in time; null: it is none

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_response_due, kpi.incident_resolution_due, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

alter table kpi.incident_resolved add column review_on_time boolean;
create index incident_resolved_major on kpi.incident_resolved (at) where review_on_time is not null;

create table kpi.incident_restored (like kpi.incident_responded including indexes);
create table kpi.incident_declared_major (
  like kpi.incident_opened including indexes,
  downgraded boolean not null
);
