-- Summaries of what needs attention, as people want them mailed: choices beside the log, like saved views. `next_at`
-- is the instant that the next one is of; `due_at` when a worker tries it: later than that while one is at it, and
-- after a try in vain.
create table plumbing.summary (
  id uuid primary key,
  version integer not null,
  person_id uuid not null,
  cadence text collate "C" not null,
  weekday text collate "C",
  day_of_month smallint,
  time_of_day text collate "C" not null,
  time_zone text collate "C" not null,
  view_id uuid,
  only_when_needed boolean not null,
  next_at timestamptz not null,
  due_at timestamptz not null,
  attempts integer not null,
  why text,
  sent_at timestamptz,
  failure text collate "C",
  changed_at timestamptz not null
);
create index summary_person on plumbing.summary (person_id, id);
create index summary_due on plumbing.summary (due_at);
