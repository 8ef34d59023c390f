-- The calendar that an assignment rule goes by, and whether it holds while that is open or while it is closed.
alter table fold.assignment_rule
  add column calendar text collate "C",
  add column calendar_hours text collate "C";
select log.takes_rows('fold.assignment_rule');
