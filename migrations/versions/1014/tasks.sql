-- Null, of the tasks of before: for staff, unless they belong to a milestone of a plan.
alter table fold.task add column visibility text collate "C";
