-- Watched KPIs by month and scope, judged by their targets: read while somebody waits, and made anew at any time.
create table plumbing.judged_month (
  kpi text collate "C" not null,
  service text collate "C",
  team_id uuid,
  begins_at timestamptz not null,
  value double precision not null,
  comparator text collate "C",
  target double precision,
  met boolean,
  cases bigint not null,
  small boolean not null,
  numerator bigint,
  denominator bigint,
  misses integer not null,
  months_met integer not null,
  months_judged integer not null,
  outlook text collate "C",
  final_after timestamptz,
  constraint judged_month_key unique nulls not distinct (kpi, service, team_id, begins_at)
);
create index judged_month_begins on plumbing.judged_month (begins_at, kpi);
-- By kind of case, how long 99 in 100 took at most; a kind without enough cases has no number.
create table plumbing.longest_usual (
  kind text collate "C" primary key,
  seconds bigint,
  cases bigint not null,
  judged_at timestamptz not null,
  position bigint not null
);
create table plumbing.put_aside (
  person_id uuid not null,
  key text collate "C" not null,
  until_at timestamptz not null,
  primary key (person_id, key)
);
