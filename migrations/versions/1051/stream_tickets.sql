-- Tickets that open the live stream once: each stands for the credential that it was made with.
create table plumbing.stream_ticket (
  id uuid primary key,
  secret_hash text collate "C" not null,
  session_id uuid,
  key_id uuid,
  key_secret_hash text collate "C",
  person_id uuid,
  login text,
  expires_at timestamptz not null,
  ends_at timestamptz not null,
  constraint stream_ticket_of_one check (num_nonnulls(key_id, login) = 1 and (login is null) = (person_id is null)),
  constraint stream_ticket_of_secret check ((key_id is null) = (key_secret_hash is null))
);
create index stream_ticket_expires on plumbing.stream_ticket (expires_at);
