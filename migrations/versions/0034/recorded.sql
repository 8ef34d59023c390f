-- recorded_at   when the log took it; null: it was imported

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_restored, kpi.incident_declared_major, kpi.incident_response_due,
  kpi.incident_resolution_due, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

alter table kpi.incident_opened add column recorded_at timestamptz;
alter table kpi.incident_resolved add column recorded_at timestamptz;
create index incident_opened_recorded on kpi.incident_opened (recorded_at) where recorded_at is not null;
create index incident_resolved_recorded on kpi.incident_resolved (recorded_at)
  where final and recorded_at is not null;

-- The openings and final resolutions as facts of when they were recorded.
create view kpi.incident_recorded as
  select case_id, recorded_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null::bigint as business_seconds,
    greatest(round(extract(epoch from recorded_at - at))::bigint, 0) as seconds
  from kpi.incident_opened where recorded_at is not null
  union all
  select case_id, recorded_at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null, greatest(round(extract(epoch from recorded_at - at))::bigint, 0)
  from kpi.incident_resolved where final and recorded_at is not null;
