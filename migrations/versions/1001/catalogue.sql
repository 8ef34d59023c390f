-- What IT does for its customers, and what of it can be asked for.
create table fold.service (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name_en text collate "C" not null,
  name_zh text collate "C" not null,
  description_en text collate "C",
  description_zh text collate "C",
  criticality text collate "C" not null,
  owner_id uuid not null,
  team_id uuid,
  customers text[],
  calendar text collate "C",
  proposed_at timestamptz not null,
  went_live_at timestamptz,
  retired_at timestamptz,
  appended_at timestamptz
);
create unique index service_key_key on fold.service (key);
create index service_proposed on fold.service (proposed_at desc, id desc);

create table fold.catalogue_item (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  service text collate "C" not null,
  title_en text collate "C" not null,
  title_zh text collate "C" not null,
  description_en text collate "C",
  description_zh text collate "C",
  scope text collate "C",
  limits text collate "C",
  delivery_standard text collate "C",
  form jsonb,
  fulfilment_path text collate "C" not null,
  approver_role text collate "C",
  approver_group_id uuid,
  approver_persons text[],
  approval_rule text collate "C",
  target_seconds integer,
  default_team_id uuid,
  checklist text[],
  drafted_at timestamptz not null,
  offered_at timestamptz,
  withdrawn_at timestamptz,
  appended_at timestamptz
);
create index catalogue_item_drafted on fold.catalogue_item (drafted_at desc, id desc);
create unique index catalogue_item_key_key on fold.catalogue_item (key);
create index catalogue_item_service on fold.catalogue_item (service, drafted_at desc, id desc);
