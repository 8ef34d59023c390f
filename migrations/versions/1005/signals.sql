-- Signals of behaviour charts as a worker notes them at night, and the changes from which natural limits count anew.
create table fold.kpi_signal (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  kpi text collate "C" not null,
  scope text collate "C" not null,
  service text collate "C",
  team_id uuid,
  rule text collate "C" not null,
  grain text collate "C" not null,
  zone text collate "C" not null,
  since_at timestamptz not null,
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  tendency text collate "C" not null,
  needs_attention boolean not null,
  value text collate "C" not null,
  centre text collate "C" not null,
  low text collate "C" not null,
  high text collate "C" not null,
  position bigint not null,
  noted_at timestamptz not null,
  reason text,
  cause text,
  explained_by_id uuid,
  explained_at timestamptz,
  appended_at timestamptz
);
create index kpi_signal_noted on fold.kpi_signal (noted_at desc, id desc);
create index kpi_signal_kpi on fold.kpi_signal (kpi, begins_at desc, id desc);
-- A signal is noted once: of two workers that note the same one is refused.
create unique index kpi_signal_once_key on fold.kpi_signal (kpi, service, team_id, grain, rule, begins_at) nulls not distinct;

create table fold.kpi_rebase (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  kpi text collate "C" not null,
  scope text collate "C" not null,
  service text collate "C",
  team_id uuid,
  change text not null,
  begins_at timestamptz not null,
  added_at timestamptz not null,
  added_by_id uuid,
  appended_at timestamptz
);
create index kpi_rebase_added on fold.kpi_rebase (added_at desc, id desc);
create index kpi_rebase_kpi on fold.kpi_rebase (kpi, begins_at);
