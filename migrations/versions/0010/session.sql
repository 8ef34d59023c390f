-- Sessions of browsers: each stands for an API key until it ends. Of the cookie's secret there is only the hash.
create table plumbing.session (
  id uuid primary key,
  secret_hash text collate "C" not null,
  key_id uuid not null,
  opened_at timestamptz not null,
  expires_at timestamptz not null
);
create index session_expires on plumbing.session (expires_at);
