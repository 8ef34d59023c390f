-- n                  the place of the resolution in the life of its case: one that is reopened has several
-- final              the case has not left it again
-- reopened_soon      it was reopened within seven days
-- What else is said of the case is said with its final resolution only.

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_response_due, kpi.incident_resolution_due, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

alter table kpi.incident_resolved
  add column n integer not null,
  add column final boolean not null,
  add column reopened_soon boolean not null;
do $$
begin
  execute (select format('alter table kpi.incident_resolved drop constraint %I, add primary key (case_id, n)', conname)
    from pg_constraint where conrelid = 'kpi.incident_resolved'::regclass and contype = 'p');
end $$;

drop index kpi.incident_resolved_seconds, kpi.incident_resolved_team, kpi.incident_resolved_kind;
create index incident_resolved_seconds on kpi.incident_resolved (seconds)
  include (at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded) where final;
create index incident_resolved_team on kpi.incident_resolved (team_id, at)
  include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded) where final;
create index incident_resolved_kind on kpi.incident_resolved (service, category, at) include (case_id)
  where final and service is not null and category is not null;
