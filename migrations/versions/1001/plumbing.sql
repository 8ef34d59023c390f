-- What is neither log nor fold: it can be thrown away, or it is only bookkeeping.
create schema if not exists plumbing;

-- The next running number of each code and year. A process takes a block and hands it out; what is left is lost.
create table plumbing.number_block (
  code text collate "C",
  year smallint,
  next bigint not null,
  primary key (code, year)
);

-- One row for each time a history was brought in.
create table plumbing.import_run (
  id uuid primary key,
  reader text collate "C" not null,
  source text collate "C" not null,
  file_name text not null,
  zone text collate "C" not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  rows_read bigint not null default 0,
  rows_applied bigint not null default 0,
  rows_repeated bigint not null default 0,
  rows_refused bigint not null default 0,
  events bigint not null default 0,
  asked_by uuid,
  upload_id uuid,
  reader_options jsonb,
  size bigint,
  done bigint not null default 0,
  cases bigint not null default 0,
  failure text,
  ended_position bigint
);
create index import_run_started on plumbing.import_run (started_at desc, id desc);
create index import_run_waiting on plumbing.import_run (started_at, id) where upload_id is not null and finished_at is null;

-- Rows of an import that could not be taken, with the reason; the row itself is encrypted. By its keyed fingerprint a
-- row that is refused again is known, and kept once.
create table plumbing.refused_row (
  id uuid primary key,
  import_id uuid not null references plumbing.import_run (id),
  source text collate "C" not null,
  line bigint not null,
  code text collate "C" not null,
  reason text not null,
  fingerprint text collate "C" not null,
  sealed bytea not null,
  unique (source, fingerprint)
);
create index refused_row_import on plumbing.refused_row (import_id, id);

-- When a rule is to look at a record because time has passed. Made from the log by the consumer `timer:<rule>`, so it
-- can be thrown away and made again. A timer that has gone off is deleted: every row here is still to come.
create table plumbing.timer (
  rule text collate "C",
  stream text collate "C",
  due_at timestamptz not null,
  primary key (rule, stream)
);
create index timer_due on plumbing.timer (rule, due_at);

-- What a rule wanted to do and was not allowed to, with the code of the reason. It is not tried again.
create table plumbing.refused_consequence (
  rule text collate "C",
  cause uuid,                    -- the event that it followed
  record text collate "C",       -- the stream that it would have gone to; empty: it would have opened one
  action text collate "C" not null,
  code text collate "C" not null,
  refused_at timestamptz not null,
  primary key (rule, cause, record)
);

-- Sessions of browsers: each stands for an API key until it ends. Of the cookie's secret there is only the hash.
create table plumbing.session (
  id uuid primary key,
  secret_hash text collate "C" not null,
  key_id uuid,
  opened_at timestamptz not null,
  expires_at timestamptz not null,
  person_id uuid,
  login text,
  constraint session_of_one check (((num_nonnulls(key_id, login) = 1) and ((login is null) = (person_id is null))))
);
create index session_expires on plumbing.session (expires_at);

-- Saved views of lists. They are people's own arrangements and no facts of the service: they change without an event.
create table plumbing.view (
  id uuid primary key,
  version integer not null,
  owner_id uuid not null,
  team_id uuid,
  name text not null,
  kind text collate "C" not null,
  query text not null,
  changed_at timestamptz not null
);
create index view_owner on plumbing.view (owner_id, id);
create index view_team on plumbing.view (team_id, id) where team_id is not null;

-- When each API key was last used, to the minute: bookkeeping, written once a minute by each process.
create table plumbing.key_use (
  key_id uuid primary key,
  used_at timestamptz not null
) with (fillfactor = 50);

-- Where the log has the last ticket that a rule gave somebody in a team: the rule reads it to see whose turn it is.
create table plumbing.assignment_turn (
  team_id uuid not null,
  person_id uuid not null,
  position bigint not null,
  primary key (team_id, person_id)
);

-- Actions that are asked for by the file: who asked, what it is about, and how far a worker is.
-- id              that of its upload
-- key_id          by which key they asked; null: they logged in. What it may not do any more is not done.
-- upload_id       the file, while it waits or is being worked through
-- size, done      bytes of the file, and how many of them have been worked through
-- lines, refused  so far
-- failure         why it was given up: a code
create table plumbing.bulk_job (
  id uuid primary key,
  kind text collate "C" not null,
  asked_by uuid not null,
  key_id uuid,
  language text collate "C" not null,
  upload_id uuid,
  asked_at timestamptz not null,
  finished_at timestamptz,
  size bigint not null,
  done bigint not null default 0,
  lines bigint not null default 0,
  refused bigint not null default 0,
  failure text collate "C",
  restricted_to text[]
);
create index bulk_job_asked_by on plumbing.bulk_job (asked_by, asked_at desc, id desc);
create index bulk_job_upload on plumbing.bulk_job (upload_id) where upload_id is not null;
create index bulk_job_waiting on plumbing.bulk_job (asked_at, id) where finished_at is null;

-- What became of each line: no words of anybody's, only codes and places.
create table plumbing.bulk_result (
  job_id uuid not null references plumbing.bulk_job (id),
  line bigint not null,
  status smallint not null,
  replayed boolean not null,
  record jsonb,
  code text collate "C",
  faults jsonb not null,
  primary key (job_id, line)
);
create index bulk_result_refused on plumbing.bulk_result (job_id, line) where code is not null;

-- One row, which each process writes over when it is asked whether it is ready: once a second at the most.
create table plumbing.readiness (
  id boolean primary key default true check (id),
  written_at timestamptz not null
) with (fillfactor = 10);
