-- Measured effects, which never change.
create table fold.kpi_effect (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  kpi text collate "C" not null,
  before_begins_at timestamptz not null,
  before_ends_at timestamptz not null,
  after_begins_at timestamptz not null,
  after_ends_at timestamptz not null,
  scope jsonb not null,
  control jsonb,
  promised text collate "C",
  promised_as text collate "C",
  change text collate "C",
  zone text collate "C" not null,
  currency text collate "C" not null,
  reopen_days integer not null,
  position bigint not null,
  seed bigint not null,
  resamples integer not null,
  verdict text collate "C" not null,
  result jsonb not null,
  measured_by_id uuid,
  measured_at timestamptz not null,
  appended_at timestamptz
);
create index kpi_effect_measured on fold.kpi_effect (measured_at desc, id desc);
create index kpi_effect_kpi on fold.kpi_effect (kpi, measured_at desc, id desc);
create index kpi_effect_changed on fold.kpi_effect (changed_at, id);
