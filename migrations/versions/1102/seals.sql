-- Which log heads are of, and the secret that hides what is withheld of events from whoever is given a proof. It is in
-- the database, since without it nobody could verify the log any more.
create table log.seal_identity (
  one boolean primary key default true check (one),
  installation uuid not null,
  blinding bytea not null check (length(blinding) = 32)
);

-- Hashes of complete subtrees of 256^level events, up to 256 in a row.
create table log.seal_tile (
  level smallint not null,
  number bigint not null,
  hashes bytea not null,
  primary key (level, number)
);
-- Hashes cannot be compressed.
alter table log.seal_tile alter column hashes set storage external;

create table log.sealed_head (
  number bigint primary key check (number > 0),
  size bigint not null,
  sealed_at timestamptz not null,
  document bytea not null,
  signature bytea not null,
  public_key bytea not null
);

create trigger append_only before update or delete or truncate on log.sealed_head
  for each statement execute function log.refuse_change();
alter table log.sealed_head enable always trigger append_only;

-- Where heads were exported to. `receipt`: what a timestamping authority has signed.
create table log.seal_export (
  target text collate "C",
  number bigint not null,
  size bigint not null,
  exported_at timestamptz not null,
  receipt bytea,
  primary key (target, number)
);
