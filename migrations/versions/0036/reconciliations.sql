-- What was found when every KPI was computed from the facts and from the raw events: one of a day.
create table fold.reconciliation (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  day text collate "C" not null,
  verdict text collate "C" not null,
  zone text collate "C" not null,
  position bigint not null,
  compared bigint not null,
  differences bigint not null,
  differing text[] collate "C" not null,
  seconds bigint not null,
  made_at timestamptz not null
);
create index reconciliation_made on fold.reconciliation (made_at desc, id desc);
create unique index reconciliation_day on fold.reconciliation (day);

select log.takes_rows('fold.reconciliation');
