-- When each API key was last used, to the minute: bookkeeping, written once a minute by each process.
create table plumbing.key_use (
  key_id uuid primary key,
  used_at timestamptz not null
) with (fillfactor = 50);
