-- What there is, and how it hangs together.
create table fold.ci (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name text collate "C" not null,
  ci_class text collate "C" not null,
  owner_id uuid,
  services text[] collate "C" not null,
  attributes jsonb not null,
  planned_at timestamptz not null,
  live_at timestamptz,
  retired_at timestamptz,
  unauthorised boolean not null,
  unauthorised_count integer not null,
  unauthorised_at timestamptz,
  found_by_id uuid,
  appended_at timestamptz
);
create index ci_class on fold.ci (ci_class, planned_at desc, id desc);
create index ci_found_by on fold.ci (found_by_id, planned_at desc, id desc) where found_by_id is not null;
create unique index ci_key_key on fold.ci (key);
create index ci_name on fold.ci (name, id);
create index ci_owner on fold.ci (owner_id, planned_at desc, id desc);
create index ci_planned on fold.ci (planned_at desc, id desc);
create index ci_services on fold.ci using gin (services);
create index ci_unauthorised on fold.ci (unauthorised_at, id);

create table fold.ci_relation (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  from_ci_id uuid not null,
  kind text collate "C" not null,
  to_ci_id uuid not null,
  related_at timestamptz not null,
  appended_at timestamptz
);
-- Both ways: what follows from a failure is found from either end.
create unique index ci_relation_meanwhile on fold.ci_relation (from_ci_id, kind, to_ci_id);
create index ci_relation_record on fold.ci_relation (record, id);
create index ci_relation_to on fold.ci_relation (to_ci_id, kind, from_ci_id);

-- Which configuration items, as of which position of the log; what they were is in their histories.
create table fold.baseline (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name text collate "C" not null,
  position bigint not null,
  ci_classes text[] collate "C" not null,
  services text[] collate "C" not null,
  ci_ids text[] collate "C" not null,
  taken_at timestamptz not null,
  discarded_at timestamptz,
  appended_at timestamptz
);
create unique index baseline_key_key on fold.baseline (key);
create index baseline_taken on fold.baseline (taken_at desc, id desc);

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
  discarded_at timestamptz,
  appended_at timestamptz
);
create index verification_drawn on fold.verification (drawn_at desc, id desc);
create unique index verification_key_key on fold.verification (key);

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
  appended_at timestamptz,
  unique (record, ci_id)
);
create index verification_item_ci on fold.verification_item (ci_id);
