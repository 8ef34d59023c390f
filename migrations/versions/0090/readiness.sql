-- One row, which each process writes over when it is asked whether it is ready: once a second at the most.
create table plumbing.readiness (
  id boolean primary key default true check (id),
  written_at timestamptz not null
) with (fillfactor = 10);
