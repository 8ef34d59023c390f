-- Imports that are asked for over HTTP: what of, and as what, until a worker brings it in; and how far that is.
-- asked_by        who asked; null: it was started at the shell
-- upload_id       the file, while it waits or is being read
-- reader_options  how it is to be read: the mapping, the zone, …
-- size, done      bytes of the file, and how many of them have been read
-- failure         why it was given up
alter table plumbing.import_run
  add column asked_by uuid,
  add column upload_id uuid,
  add column reader_options jsonb,
  add column size bigint,
  add column done bigint not null default 0,
  add column cases bigint not null default 0,
  add column failure text;
create index import_run_waiting on plumbing.import_run (started_at, id) where upload_id is not null and finished_at is null;
create index import_run_started on plumbing.import_run (started_at desc, id desc);
create index refused_row_import on plumbing.refused_row (import_id, id);
