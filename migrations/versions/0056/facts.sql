-- request_task   a task that had a due date, at the first one that it had; met: it was done by then
-- approver_role  the role that an approval was asked of; null: a group or persons, or nobody

-- The facts are made anew from the log.
truncate kpi.request_opened, kpi.request_responded, kpi.request_approved, kpi.request_delivered, kpi.request_handled,
  kpi.request_judged, kpi.request_due, kpi.request_project_due, kpi.request_life;
update log.checkpoint set position = 0 where consumer = 'kpi';

alter table kpi.request_approved add column approver_role text collate "C";
alter table kpi.request_life add column approver_role text collate "C";

create table kpi.request_task (
  like kpi.request_due,
  task_id uuid not null,
  primary key (case_id, task_id)
);
create index on kpi.request_task (at);
