-- ended_at, ended_seconds   when that came to its end which is measured up to now as long as it has not: of an incident its
--                           final resolution, of a problem when its cause was found; and how long after the opening.
--                           Null: it has not
alter table kpi.incident_opened add column ended_at timestamptz, add column ended_seconds bigint;
alter table kpi.problem_opened add column ended_at timestamptz, add column ended_seconds bigint;

-- Of many in the order in which they ended, of a short time or of a single team from an index alone.
drop index kpi.incident_opened_at, kpi.incident_opened_team;
create index incident_opened_ended on kpi.incident_opened (ended_seconds)
  include (at, ended_at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_opened_at on kpi.incident_opened (at)
  include (priority, team_id, service, channel, category, assignee_id, customer_id, excluded, ended_at, ended_seconds);
create index incident_opened_team on kpi.incident_opened (team_id, at) include (excluded, ended_at, ended_seconds);

-- Nobody looks there any more for how an incident ended.
alter table kpi.incident_resolved drop constraint incident_resolved_pkey, add primary key (case_id, n);

-- The facts are made anew from the log.
update log.checkpoint set position = 0 where consumer = 'kpi';
