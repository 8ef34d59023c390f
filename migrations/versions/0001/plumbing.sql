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
  events bigint not null default 0
);

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
