create or replace view kpi.incident_recorded as
select case_id, recorded_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
  position, opened_position, null::bigint as business_seconds,
  coalesce(recorded_seconds, greatest(round(extract(epoch from recorded_at - at))::bigint, 0)) as seconds, source
from kpi.incident_opened where recorded_at is not null
union all
select case_id, recorded_at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
  position, opened_position, null::bigint,
  coalesce(recorded_seconds, greatest(round(extract(epoch from recorded_at - at))::bigint, 0)), source
from kpi.incident_resolved where final and recorded_at is not null;

-- In these the later parts are of rows that an older program wrote.
create or replace view kpi.request_solved as
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, article_used
from kpi.incident_resolved where final and article_used is not null
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, article_used
from kpi.request_delivered where final and article_used is not null
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, true
from kpi.incident_resolved ended where final and article_used is null
  and exists (select from kpi.helped_case helped where helped.case_id = ended.case_id)
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, false
from kpi.incident_resolved ended where final and article_used is null
  and not exists (select from kpi.helped_case helped where helped.case_id = ended.case_id)
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, true
from kpi.request_delivered ended where final and article_used is null
  and exists (select from kpi.helped_case helped where helped.case_id = ended.case_id)
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, false
from kpi.request_delivered ended where final and article_used is null
  and not exists (select from kpi.helped_case helped where helped.case_id = ended.case_id);

create or replace view kpi.deployment_lead as
select case_id, at, team_id, service,
  coalesce(excluded, case when coalesce(committed_at, handed_at) is null then 'unknown' end) as excluded, irregular, position,
  opened_position,
  case when coalesce(committed_at, handed_at) is not null then
    greatest(round(extract(epoch from at - coalesce(committed_at, handed_at))), 0)::bigint end as seconds,
  coalesce(change_id::text, substr(brought, strpos(brought, ' ') + 1)) as revision
from kpi.deployment_brought where first
union all
select d.case_id, d.at, d.team_id, d.service,
  coalesce(d.excluded, case when coalesce(d.committed_at, handed.at) is null then 'unknown' end), d.irregular, d.position,
  d.opened_position,
  case when coalesce(d.committed_at, handed.at) is not null then
    greatest(round(extract(epoch from d.at - coalesce(d.committed_at, handed.at))), 0)::bigint end,
  coalesce(d.change_id::text, substr(d.brought, strpos(d.brought, ' ') + 1))
from kpi.deployment_brought d
left join kpi.change_handed handed on handed.case_id = d.change_id
where d.first is null and not exists (
  select from kpi.deployment_brought earlier
  where earlier.brought = d.brought and row(earlier.at, earlier.case_id) < row(d.at, d.case_id)
);

create or replace view kpi.incident_clock_opened as
select case_id, id as clock_id, opened_at as at, opened_priority as priority, opened_team_id as team_id,
  opened_service as service, opened_channel as channel, opened_category as category, opened_assignee_id as assignee_id,
  opened_customer_id as customer_id, excluded, irregular, opened_position as position, opened_position, metric, agreement_id,
  state = 'met' as met, breaches_at
from sla.clock where agreement_type = 'SLA' and (state <> 'excluded' or excluded is not null) and knows_opening
union all
select clock.case_id, clock.id, opened.at, opened.priority, opened.team_id, opened.service, opened.channel, opened.category,
  opened.assignee_id, opened.customer_id, clock.excluded, opened.irregular, opened.opened_position, opened.opened_position,
  metric, agreement_id, state = 'met', breaches_at
from sla.clock join kpi.clock_first opened using (case_id)
where agreement_type = 'SLA' and (state <> 'excluded' or clock.excluded is not null) and knows_opening is null;

create or replace view kpi.incident_clock_breached as
select clock.case_id, clock.id as clock_id, breaches_at as at, breach_priority as priority, breach_team_id as team_id,
  breach_service as service, breach_channel as channel, breach_category as category, breach_assignee_id as assignee_id,
  breach_customer_id as customer_id, excluded, irregular, opened_position as position, opened_position, metric,
  agreement_id, coalesce(case when knows_opening then breach_cause else (
    select cause from kpi.breach_cause said
    where said.case_id = clock.case_id and (said.agreement_type is null or (said.agreement_type = 'SLA' and said.metric = clock.metric))
    order by cause = 'unknown', said.agreement_type is null, said.id limit 1
  ) end, 'unknown') as cause
from sla.clock
where agreement_type = 'SLA' and breaches_at is not null and state <> 'excluded';
