-- source   of an incident: the tool that its alert comes from, or else the channel that it was reported by

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_resolved, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi';

alter table kpi.incident_opened add column source text collate "C" not null;
alter table kpi.incident_resolved add column source text collate "C" not null;
alter table kpi.incident_life add column source text collate "C" not null;

drop index kpi.incident_opened_at;
create index incident_opened_at on kpi.incident_opened (at)
  include (priority, team_id, service, channel, category, assignee_id, customer_id, source, excluded, ended_at, ended_seconds);

create or replace view kpi.incident_recorded as
  select case_id, recorded_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null::bigint as business_seconds,
    greatest(round(extract(epoch from recorded_at - at))::bigint, 0) as seconds, source
  from kpi.incident_opened where recorded_at is not null
  union all
  select case_id, recorded_at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null, greatest(round(extract(epoch from recorded_at - at))::bigint, 0), source
  from kpi.incident_resolved where final and recorded_at is not null;
