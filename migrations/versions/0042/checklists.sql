-- What is to be done again and again.
create table fold.checklist (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  process text collate "C" not null,
  title_en text not null,
  title_zh text not null,
  items jsonb not null,
  added_at timestamptz not null,
  retired_at timestamptz
);
create index checklist_added on fold.checklist (added_at desc, id desc);

alter table fold.task add column dropped_at timestamptz, add column dropped_because text,
  add column from_checklist text collate "C", add column position integer;
drop index fold.task_assignee;
create index task_assignee on fold.task (assignee_id, due_at, id) where completed_at is null and dropped_at is null;

select log.takes_rows('fold.' || name) from unnest(array['checklist', 'task']) as name;
