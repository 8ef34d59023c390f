-- business_seconds  by the calendar of the service; all time where there is none

-- The facts are made anew from the log.
truncate kpi.request_responded, kpi.request_delivered, kpi.request_handled;
update log.checkpoint set position = 0 where consumer = 'kpi';

do $$
declare
  fact text;
begin
  foreach fact in array array['responded', 'handled', 'delivered'] loop
    execute format('alter table kpi.request_%s alter column business_seconds set not null', fact);
    execute format('create index request_%1$s_business on kpi.request_%1$s (business_seconds)
      include (at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded)
      %2$s', fact, case when fact = 'delivered' then 'where final' end);
    execute format('drop index kpi.request_%s_team', fact);
    execute format('create index request_%1$s_team on kpi.request_%1$s (team_id, at)
      include (seconds, business_seconds, priority, service, channel, category, assignee_id, customer_id, path,
        catalogue_item, excluded) %2$s', fact, case when fact = 'delivered' then 'where final' end);
  end loop;
end $$;

-- Projects are few among what was delivered.
create index request_delivered_projects on kpi.request_delivered (at)
  include (seconds, business_seconds, priority, team_id, service, channel, category, assignee_id, customer_id,
    catalogue_item, path, excluded)
  where final and path = 'project';
