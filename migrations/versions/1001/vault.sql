-- The keys of personal fields. A person's own key is wrapped by the master key, which is not in the database; the key
-- of a single text by its author's. Destroying a row makes what it encrypted unreadable for ever, in rows, events and
-- backups made since: a text's row that text, a person's row everything of theirs.
create schema vault;

create table vault.personal_key (
  id uuid primary key,
  person_id uuid not null,
  under uuid,  -- the key that wraps it; null: the master key
  wrapped bytea not null
);
create unique index personal_key_person on vault.personal_key (person_id) where under is null;

-- Which person a name in another system stands for, by a keyed fingerprint of the name; the log does not have it.
create table vault.known_as (
  id uuid primary key,
  source text collate "C" not null,
  fingerprint text collate "C" not null,
  person_id uuid not null,
  unique (source, fingerprint)
);
create index known_as_person on vault.known_as (person_id);

-- Says which master key the wrapped keys belong to, so that a wrong one is noticed at the start; and keeps the key of
-- fingerprints, wrapped by it, so that they stay the same when the master key is changed.
create table vault.master (
  one boolean primary key default true check (one),
  name bytea not null,
  fingerprints bytea not null
);

create trigger destroyed after delete on vault.personal_key
  for each statement execute function log.tell_of_destroyed();
