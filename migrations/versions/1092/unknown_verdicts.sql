-- What is not known of a change, as of one whose history was imported, is null, and the KPI leaves it out as `unknown`.
alter table kpi.change_ended alter column at_first drop not null, alter column failed drop not null;
alter table kpi.change_implemented alter column seconds drop not null;
create view kpi.change_first_judged as
select case_id, at, change_type, team_id, service, risk,
  coalesce(excluded, case when at_first is null then 'unknown' end) as excluded, irregular, position, opened_position, verdict,
  at_first
from kpi.change_ended;
create view kpi.change_failure_judged as
select case_id, at, change_type, team_id, service, risk,
  coalesce(excluded, case when failed is null then 'unknown' end) as excluded, irregular, position, opened_position, verdict,
  failed
from kpi.change_ended;
create or replace view kpi.deployment_lead as
select d.case_id, d.at, d.team_id, d.service,
  coalesce(d.excluded, case when coalesce(d.committed_at, handed.at) is null then 'unknown' end) as excluded, d.irregular,
  d.position, d.opened_position,
  case when coalesce(d.committed_at, handed.at) is not null then
    greatest(round(extract(epoch from d.at - coalesce(d.committed_at, handed.at))), 0)::bigint end as seconds,
  coalesce(d.change_id::text, substr(d.brought, strpos(d.brought, ' ') + 1)) as revision
from kpi.deployment_brought d
left join kpi.change_handed handed on handed.case_id = d.change_id
where not exists (
  select from kpi.deployment_brought earlier
  where earlier.brought = d.brought and row(earlier.at, earlier.case_id) < row(d.at, d.case_id)
);
