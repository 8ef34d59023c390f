-- A question is about a stretch of time, and is answered in two halves of it. What was in the order of the seconds was
-- read as a whole, however short the stretch, and each kind of seconds wanted an index of its own.
create function kpi.in_order(numbers bigint[]) returns bigint[]
language sql immutable strict parallel safe
return (select array_agg(number order by number) from (select unnest(numbers) as number) unordered);
comment on function kpi.in_order is 'The same numbers, ascending.';

do $$
declare
  fact record;
begin
  for fact in
    select name, said.columns, left(name, 8) = 'request_' as of_requests
    from (values
      ('incident_responded', 'seconds'), ('incident_first_resolved', 'seconds'), ('incident_closed', 'seconds'),
      ('incident_restored', 'seconds'),
      ('incident_resolved', 'seconds, final, reopened, reopened_soon, reassignments, handovers, came_back'),
      ('request_responded', 'seconds, business_seconds'), ('request_handled', 'seconds, business_seconds, at_once'),
      ('request_delivered', 'seconds, business_seconds, final, rework_rounds, requirement_changes, reopened_soon'),
      ('request_approved', 'seconds, approver_role'),
      ('request_state', 'seconds, state')
    ) as said(name, columns)
  loop
    execute format('drop index if exists kpi.%1$s_seconds, kpi.%1$s_business, kpi.%1$s_at', fact.name);
    execute format('create index %1$s_at on kpi.%1$s (at) include (%2$s, priority, team_id, service, channel, category,
      assignee_id, customer_id, excluded%3$s)', fact.name, fact.columns,
      case when fact.of_requests then ', path, catalogue_item' end);
  end loop;
end $$;
drop index kpi.incident_restored_at_idx, kpi.incident_restored_seconds_at_priority_team_id_service_chann_idx;
drop index kpi.incident_opened_ended;
