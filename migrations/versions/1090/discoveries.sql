-- Items that a tool has found, compared with the record; and each difference, with its settlement.
create table fold.discovery (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  key text collate "C" not null,
  source text collate "C" not null,
  found_at timestamptz not null,
  format text collate "C" not null,
  identified_by text collate "C" not null,
  ci_class text collate "C",
  complete_classes text[] collate "C" not null,
  columns jsonb not null,
  upload_id uuid,
  imported_by_id uuid,
  failure text collate "C",
  line_count integer,
  refused_count integer,
  compared_count integer,
  right_count integer,
  difference_count integer not null,
  unsettled_count integer not null,
  new_count integer,
  missing_count integer,
  differing_count integer,
  retired_count integer,
  kept_before_count integer,
  class_counts jsonb,
  summary text collate "C",
  imported_at timestamptz not null,
  compared_at timestamptz,
  concluded_at timestamptz,
  failed_at timestamptz,
  discarded_at timestamptz
);

create table fold.discovery_difference (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  kind text collate "C" not null,
  identity text collate "C" not null,
  ci_id uuid,
  ci_class text collate "C" not null,
  attribute text collate "C",
  here text collate "C",
  there text collate "C",
  line bigint,
  found_item jsonb,
  settlement text collate "C",
  reason text collate "C",
  change text collate "C",
  settled_by_id uuid,
  settled_at timestamptz
);

create table fold.discovery_owner (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  person_id uuid not null,
  own_difference_count integer not null
);

create index discovery_imported on fold.discovery (imported_at desc, id desc);
create index discovery_found on fold.discovery (found_at desc, id desc);
create index discovery_source on fold.discovery (source, imported_at desc, id desc);
create unique index discovery_key_key on fold.discovery (key);
create index discovery_difference_record on fold.discovery_difference (record, id);
create index discovery_difference_unsettled on fold.discovery_difference (record, id) where settlement is null;
create index discovery_difference_ci on fold.discovery_difference (ci_id) where ci_id is not null;
-- What was kept once is not listed anew by a later discovery of the same source.
create index discovery_difference_kept on fold.discovery_difference (lower(identity)) where settlement = 'kept';
create index discovery_owner_record on fold.discovery_owner (record, id);
create index discovery_owner_person on fold.discovery_owner (person_id, id);

-- The items of a file while it is being compared; those of a line that was refused are known to be there, and no more.
create table plumbing.discovered_item (
  discovery_id uuid not null,
  line bigint not null,
  identity text collate "C" not null,
  refused boolean not null,
  key text collate "C",
  name text collate "C",
  ci_class text collate "C",
  class_told boolean not null,
  services text[] collate "C",
  attributes jsonb not null,
  ci_id uuid,
  primary key (discovery_id, line)
);
create index discovered_item_ci on plumbing.discovered_item (discovery_id, ci_id);

-- The lines that could not be read or compared: why, and never what they hold.
create table plumbing.discovery_refusal (
  discovery_id uuid not null,
  line bigint not null,
  code text collate "C" not null,
  field text collate "C",
  primary key (discovery_id, line)
);
