-- When an overdue progress report, or milestone, was flagged.
alter table fold.request add column report_overdue_at timestamptz;
alter table fold.milestone add column overdue_at timestamptz;
