-- Files. What the log says of them are rows of the fold, as of everything else; what is in them is beside it, encrypted
-- chunk by chunk under a key of the file's own.

create table fold.attachment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  author_id uuid,
  name text not null,
  media_type text collate "C" not null,
  size integer not null,
  sha256 text collate "C" not null,
  visibility text collate "C" not null,
  attached_at timestamptz not null
);
create index attachment_record on fold.attachment (record, attached_at, id);
select log.takes_rows('fold.attachment');

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
  media_type text collate "C"
);
create index upload_person on content.upload (person_id) where wrapped is not null;
create index upload_begun on content.upload (begun_at) where wrapped is not null;

-- Who has been overtaken by a new beginning finds no key to add chunks to.
create table content.chunk (
  key_id uuid not null references content.upload (key_id) on delete cascade,
  number integer not null,
  sealed bytea not null,
  primary key (key_id, number)
);
-- What is encrypted cannot be compressed.
alter table content.chunk alter column sealed set storage external;
