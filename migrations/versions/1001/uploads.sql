-- Files, in encrypted pieces: the log has their hashes, and these rows what is in them.
create schema content;

-- id          the client's choice, and the attachment's
-- key_id      the key of the chunks; another one each time that it is begun
-- wrapped     that key, under the key of the person who sends it; null: it is in the vault, since it was attached
-- size        in bytes; of what is not whole, how many may come
-- sha256      null: not whole
create table content.upload (
  id uuid primary key,
  person_id uuid not null,
  key_id uuid not null unique,
  under uuid not null,
  wrapped bytea,
  begun_at timestamptz not null,
  size integer not null,
  sha256 text collate "C",
  media_type text collate "C",
  restricted_to text[]
);
create index upload_begun on content.upload (begun_at) where wrapped is not null;
create index upload_person on content.upload (person_id) where wrapped is not null;

-- Who has been overtaken by a new beginning finds no key to add chunks to.
create table content.chunk (
  key_id uuid not null references content.upload (key_id) on delete cascade,
  number integer not null,
  sealed bytea not null,
  primary key (key_id, number)
);

-- What is encrypted cannot be compressed.
alter table content.chunk alter column sealed set storage external;
