-- When the rule was to act, as it has computed it. What is tried again later keeps it; null where a rule computes it anew.
alter table plumbing.timer add column planned_at timestamptz;
update plumbing.timer set planned_at = due_at;
