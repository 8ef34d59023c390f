-- What somebody was told of a ticket.
create table fold.notice (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  person_id uuid not null,
  about text collate "C" not null,
  number text collate "C" not null,
  title text,
  steps text[] collate "C" not null,
  versions integer[] not null,
  way text collate "C" not null,
  sent_at timestamptz not null,
  read_at timestamptz,
  mailed_at timestamptz,
  failed_at timestamptz,
  failure text collate "C",
  appended_at timestamptz
);
create index notice_about on fold.notice (about, id desc);
create index notice_person on fold.notice (person_id, state desc, id desc);
create index notice_person_sent on fold.notice (person_id, sent_at desc, id desc);
create index notice_sent on fold.notice (sent_at desc, id desc);
-- For those who see everybody's.
create index notice_state on fold.notice (state desc, id desc);

create schema deliveries;

-- What somebody is to be told, until they are: a step of a ticket, which is an event of its stream.
--
-- due_at  when the first of what is told together is told
-- bundle  the position of the first event of what is told together; null until that is settled
create table deliveries.waiting (
  person_id uuid not null,
  position bigint not null,
  stream text collate "C" not null,
  version integer not null,
  step text collate "C" not null,
  due_at timestamptz not null,
  bundle bigint,
  primary key (person_id, position)
);
create index waiting_due on deliveries.waiting (due_at);
create index waiting_stream on deliveries.waiting (person_id, stream, position);

-- Notices that are to go out by mail, until the mail server has taken them.
--
-- due_at    when it is tried next; while it is being tried, when that is taken to have failed
-- attempts  how often it was tried
-- why       what was wrong the last time
create table deliveries.mail (
  notice_id uuid primary key,
  due_at timestamptz not null,
  attempts integer not null default 0,
  why text
);
create index mail_due on deliveries.mail (due_at);
