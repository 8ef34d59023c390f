-- What a case may cost in the mean, as it was said last. What was said before stands in the events; all of it counts for
-- its time.
create table fold.kpi_budget (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  kpi text collate "C" not null,
  amount text collate "C",
  currency text collate "C",
  valid_from_at timestamptz not null,
  valid_until_at timestamptz,
  added_at timestamptz not null
);
create index kpi_budget_added on fold.kpi_budget (added_at desc, id desc);
create index kpi_budget_kpi on fold.kpi_budget (kpi, added_at desc, id desc);

select log.takes_rows('fold.kpi_budget');
