-- Baselines of KPIs, frozen by plans and proposals with the log position that they were read at.
create table fold.kpi_baseline (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  name text collate "C" not null,
  kpi text collate "C" not null,
  scope jsonb,
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  zone text collate "C" not null,
  currency text collate "C" not null,
  reopen_days integer not null,
  value text collate "C",
  cases integer not null,
  position bigint not null,
  frozen_at timestamptz not null,
  appended_at timestamptz
);
create index kpi_baseline_record on fold.kpi_baseline (record, frozen_at, id);
