-- Whether a case was responded to, and resolved, within its time. `at` is when it was, or when the time ran out; of a
-- case that still has time that lies ahead, and then it does not count yet.

-- The facts are made anew from the log.
truncate kpi.incident_opened, kpi.incident_responded, kpi.incident_first_resolved, kpi.incident_resolved,
  kpi.incident_closed, kpi.incident_life;
update log.checkpoint set position = 0 where consumer = 'kpi:incident';

do $$
declare
  fact text;
begin
  foreach fact in array array['response_due', 'resolution_due'] loop
    execute format('create table kpi.incident_%s (
      like kpi.incident_opened,
      met boolean not null,
      primary key (case_id)
    )', fact);
    execute format('create index incident_%1$s_at on kpi.incident_%1$s (at)
      include (met, priority, team_id, service, channel, category, assignee_id, customer_id, excluded)', fact);
    execute format('create index incident_%1$s_team on kpi.incident_%1$s (team_id, at) include (met, excluded)', fact);
  end loop;
end $$;
