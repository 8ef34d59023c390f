-- skewed   it took less than no time by what was told, and counts as 0; of a restoration also: nobody said when the outage
--          began, and it counts from the opening

-- The facts are made anew from the log.
truncate kpi.incident_responded, kpi.incident_restored, kpi.request_responded;

do $$
declare
  fact record;
begin
  for fact in
    select name, said.columns, left(name, 8) = 'request_' as of_requests
    from (values ('incident_responded', 'seconds'), ('incident_restored', 'seconds'),
      ('request_responded', 'seconds, business_seconds')) as said(name, columns)
  loop
    execute format('alter table kpi.%I add column skewed boolean not null', fact.name);
    execute format('drop index if exists kpi.%1$s_at, kpi.%1$s_team', fact.name);
    execute format('create index %1$s_at on kpi.%1$s (at) include (%2$s, skewed, priority, team_id, service, channel, category,
      assignee_id, customer_id, excluded%3$s)', fact.name, fact.columns,
      case when fact.of_requests then ', path, catalogue_item' end);
    execute format('create index %1$s_team on kpi.%1$s (team_id, at) include (%2$s, skewed, priority, service, channel,
      category, assignee_id, customer_id, excluded%3$s)', fact.name, fact.columns,
      case when fact.of_requests then ', path, catalogue_item' end);
  end loop;
end $$;
drop index kpi.incident_restored_team_id_at_seconds_priority_service_chann_idx;
