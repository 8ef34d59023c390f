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
  failure text collate "C"
);
create index bulk_job_waiting on plumbing.bulk_job (asked_at, id) where finished_at is null;
create index bulk_job_asked_by on plumbing.bulk_job (asked_by, asked_at desc, id desc);
create index bulk_job_upload on plumbing.bulk_job (upload_id) where upload_id is not null;

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
