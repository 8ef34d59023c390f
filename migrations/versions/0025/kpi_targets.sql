-- What KPIs are to be, as it was said last. What was said before stands in the events; all of it counts for its time.
create table fold.kpi_target (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  kpi text collate "C" not null,
  comparator text collate "C",
  value text collate "C",
  valid_from_at timestamptz not null,
  valid_until_at timestamptz,
  added_at timestamptz not null
);
create index kpi_target_added on fold.kpi_target (added_at desc, id desc);
create index kpi_target_kpi on fold.kpi_target (kpi, added_at desc, id desc);

select log.takes_rows('fold.kpi_target');
