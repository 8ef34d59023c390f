-- Corrective actions, and how often they were put off.
create table fold.corrective_action (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text collate "C" not null,
  task text not null,
  occasion text collate "C" not null,
  source text collate "C" not null,
  source_number text collate "C" not null,
  process text collate "C",
  author_id uuid,
  owner_id uuid not null,
  first_due_at timestamptz not null,
  due_at timestamptz not null,
  moves integer not null,
  overdue_at timestamptz,
  evidence text,
  returns integer not null,
  done_by_id uuid,
  verified_by_id uuid,
  verification text,
  planned_at timestamptz not null,
  done_at timestamptz,
  verified_at timestamptz,
  dropped_at timestamptz
);
create index corrective_action_planned on fold.corrective_action (planned_at desc, id desc);
create index corrective_action_changed on fold.corrective_action (changed_at, id);
create index corrective_action_due on fold.corrective_action (due_at desc, id desc);
create index corrective_action_state on fold.corrective_action (state, due_at desc, id desc);
create index corrective_action_source on fold.corrective_action (source, due_at desc, id desc);
create index corrective_action_owner on fold.corrective_action (owner_id, due_at desc, id desc);
create index corrective_action_author on fold.corrective_action (author_id, due_at desc, id desc);
create index corrective_action_process on fold.corrective_action (process, due_at desc, id desc);

create table fold.corrective_action_move (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  before_at timestamptz not null,
  due_at timestamptz not null,
  reason text not null,
  moved_by_id uuid,
  moved_at timestamptz not null
);
create index corrective_action_move_record on fold.corrective_action_move (record, moved_at, id);

-- To verify is asked of people, too.
drop index fold.notice_asking;
create index notice_asking on fold.notice (person_id, id desc) where steps && '{reminded,risk_lapsed,to_accept,to_acknowledge,to_answer,to_consent,to_kick_off,to_publish,to_review,to_review_change,to_sign,to_verify}'::text[];
