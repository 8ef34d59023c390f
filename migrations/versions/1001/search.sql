-- By what records are found. Filled by the consumer of app/search/index.py; it can be thrown away and filled again.
--
-- tokens       what a search finds it by, in the clear; with a ! before it what only staff are shown
-- person_keys  the keys of the persons in whose words it is found: when one is destroyed, its words must go
-- made_at      a position of the log: what had been told by then is in it
create schema search;

create table search.record (
  id uuid primary key,
  kind text collate "C" not null,
  tokens tsvector not null,
  person_keys uuid[] not null,
  made_at bigint not null
);
create index record_person_keys on search.record using gin (person_keys);
create index record_tokens on search.record using gin (tokens);
