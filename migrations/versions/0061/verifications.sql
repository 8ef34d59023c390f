-- Samples of configuration items that are compared with what is there.
create table fold.verification (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name text collate "C" not null,
  ci_classes text[] collate "C" not null,
  services text[] collate "C" not null,
  position bigint not null,
  population bigint not null,
  drawn_count integer not null,
  checked_count integer not null,
  right_count integer not null,
  unsettled_count integer not null,
  summary text,
  drawn_at timestamptz not null,
  concluded_at timestamptz,
  discarded_at timestamptz
);
create unique index verification_key_key on fold.verification (key);
create index verification_drawn on fold.verification (drawn_at desc, id desc);

-- The items of a sample, in the order in which they were drawn, and what was found.
create table fold.verification_item (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  ci_id uuid not null,
  place integer not null,
  outcome text collate "C",
  note text,
  checked_by_id uuid,
  checked_at timestamptz,
  settlement text collate "C",
  change text,
  settled_by_id uuid,
  settled_at timestamptz,
  unique (record, ci_id)
);
create index verification_item_ci on fold.verification_item (ci_id);

select log.takes_rows('fold.' || name) from unnest(array['verification', 'verification_item']) as name;
