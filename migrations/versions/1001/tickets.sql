-- What any ticket has: references, links, tasks, work and cost, ratings, documents, decisions; and what is set for all.
create table fold.external_reference (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  kind text collate "C" not null,
  source text collate "C" not null,
  key text collate "C" not null,
  appended_at timestamptz,
  unique (kind, key, source)
);
create index external_reference_record on fold.external_reference (record);

create table fold.comment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  author_id uuid not null,
  visibility text collate "C" not null,
  text text not null,
  written_at timestamptz not null,
  corrected_at timestamptz,
  withdrawn_at timestamptz,
  appended_at timestamptz
);
create index comment_record on fold.comment (record, written_at, id);

-- What every ticket has beside it: who follows it, tags, links, tasks; and when a comment was corrected or withdrawn.
create table fold.follower (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  followed_at timestamptz not null,
  appended_at timestamptz,
  unique (person_id, record)
);
create index follower_record on fold.follower (record, followed_at, id);

create table fold.tag (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  name text collate "C" not null,
  tagged_at timestamptz not null,
  visibility text collate "C",
  appended_at timestamptz,
  constraint tag_name_record_key unique (name, record)
);
create index tag_record on fold.tag (record, tagged_at, id);

create table fold.link (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  link_id uuid not null,
  kind text collate "C" not null,
  other text collate "C" not null,
  linked_at timestamptz not null,
  appended_at timestamptz
);
create index link_record on fold.link (record, linked_at, id);

create table fold.task (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text not null,
  assignee_id uuid,
  team_id uuid,
  due_at timestamptz,
  added_at timestamptz not null,
  completed_at timestamptz,
  outcome text,
  dropped_at timestamptz,
  dropped_because text,
  from_checklist text collate "C",
  "position" integer,
  milestone_id uuid,
  appended_at timestamptz
);
create index task_assignee on fold.task (assignee_id, due_at, id) where completed_at is null and dropped_at is null;
create index task_record on fold.task (record, added_at, id);

-- What work and things cost, and how content those are who asked. Amounts are decimal texts, as in the log.
create table fold.hourly_rate (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  role_class text collate "C" not null,
  amount text collate "C" not null,
  currency text collate "C" not null,
  valid_from_at timestamptz not null,
  added_at timestamptz not null,
  appended_at timestamptz
);
create index hourly_rate_added on fold.hourly_rate (added_at desc, id desc);
create unique index hourly_rate_valid_from_at_key on fold.hourly_rate (role_class, valid_from_at) where state = 'active';

create table fold.work (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  minutes integer not null,
  role_class text collate "C" not null,
  rate text collate "C",
  currency text collate "C",
  worked_at timestamptz not null,
  logged_at timestamptz not null,
  reverses_id uuid unique,
  appended_at timestamptz
);
create index work_record on fold.work (record, logged_at, id);

create table fold.cost (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  amount text collate "C" not null,
  currency text collate "C" not null,
  purpose text,
  booked_at timestamptz not null,
  reverses_id uuid unique,
  appended_at timestamptz
);
create index cost_record on fold.cost (record, booked_at, id);

create table fold.rating (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null unique,
  score integer not null,
  comment text,
  rated_at timestamptz not null,
  appended_at timestamptz
);

create table fold.complaint (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  subject text collate "C" not null,
  about text not null,
  person_id uuid,
  complained_at timestamptz not null,
  due_at timestamptz not null,
  answered_at timestamptz,
  answered_by_id uuid,
  findings text,
  remedy text,
  appended_at timestamptz
);
create index complaint_record on fold.complaint (record, complained_at, id);

-- Files. What the log says of them are rows of the fold, as of everything else; what is in them is beside it, encrypted
-- chunk by chunk under a key of the file's own.
create table fold.attachment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  author_id uuid,
  name text not null,
  media_type text collate "C" not null,
  size integer not null,
  sha256 text collate "C" not null,
  visibility text collate "C" not null,
  attached_at timestamptz not null,
  appended_at timestamptz
);
create index attachment_record on fold.attachment (record, attached_at, id);

-- What an organisation wants to know of its tickets besides, and the values that tickets have.
create table fold.custom_field (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  process text collate "C" not null,
  key text collate "C" not null,
  value_type text collate "C" not null,
  label_en text collate "C" not null,
  label_zh text collate "C" not null,
  required boolean not null,
  staff_only boolean not null,
  filter_slot integer,
  choices jsonb,
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index custom_field_added on fold.custom_field (added_at desc, id desc);
-- Retired ones, too: what tickets have under a key keeps its meaning.
create unique index custom_field_key_key on fold.custom_field (process, key);
-- Two who take the same place at once: one of them looks for another.
create unique index custom_field_slot_meanwhile on fold.custom_field (process, filter_slot);

-- What the cases of a process are sorted into.
create table fold.category (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  process text collate "C" not null,
  key text collate "C" not null,
  name_en text collate "C" not null,
  name_zh text collate "C" not null,
  parent_id uuid,
  level integer not null,
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index category_added on fold.category (added_at desc, id desc);
create index category_key on fold.category (key, id);
-- Retired ones, too: what cases have keeps its meaning.
create unique index category_key_key on fold.category (process, key);
create index category_parent on fold.category (parent_id, added_at desc, id desc);

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
  retired_at timestamptz,
  appended_at timestamptz
);
create index checklist_added on fold.checklist (added_at desc, id desc);

-- Questions that are put to an electorate, and what each of those who are asked says.
create table fold.decision (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  state text collate "C" not null,
  question text not null,
  role text collate "C",
  group_id uuid,
  chair_id uuid,
  rule text collate "C" not null,
  quorum integer not null,
  asked_by_id uuid,
  asked_at timestamptz not null,
  due_at timestamptz not null,
  outcome text collate "C",
  voters integer,
  approvals integer,
  rejections integer,
  deferrals integer,
  abstentions integer,
  closed_at timestamptz,
  reminded_at timestamptz,
  appended_at timestamptz
);
create index decision_record on fold.decision (record, asked_at, id);

create table fold.vote (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  decision_id uuid not null,
  person_id uuid not null,
  side text collate "C",
  asked_at timestamptz not null,
  due_at timestamptz not null,
  verdict text collate "C",
  comment text,
  voted_at timestamptz,
  closed_at timestamptz,
  appended_at timestamptz,
  unique (decision_id, person_id)
);
-- What waits for somebody's vote, the next due first; those who never vote keep nothing here for long.
create index vote_awaited on fold.vote (person_id, due_at, id) where verdict is null and closed_at is null;
-- Who sees a record because of a question.
create index vote_person on fold.vote (person_id, record);
create index vote_record on fold.vote (record, asked_at, id);

-- Documents that records make, as the register has them, and what they say.
create table fold.document_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  number text collate "C" not null unique,
  document_class text collate "C" not null,
  title text,
  state text collate "C" not null,
  edition integer not null,
  author_id uuid,
  drafted_at timestamptz not null,
  published_at timestamptz,
  superseded_at timestamptz,
  appended_at timestamptz
);
create index document_entry_record on fold.document_entry (record, drafted_at, id);

create table fold.document_section (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_id uuid not null,
  edition integer not null,
  place integer not null,
  heading text collate "C" not null,
  text text not null,
  written_at timestamptz not null,
  appended_at timestamptz
);
create index document_section_record on fold.document_section (record, written_at, id);

-- What impact and urgency give, as administrators have set it.
create table fold.priority_matrix (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  cells jsonb not null,
  set_at timestamptz not null,
  appended_at timestamptz
);
create index priority_matrix_set on fold.priority_matrix (set_at desc, id desc);
