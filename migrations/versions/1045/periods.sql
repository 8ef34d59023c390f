-- Follows from facts and targets: the worker fills it anew, at once since it no longer knows when it last did.
drop table plumbing.judged_month;
delete from plumbing.longest_usual;
create table plumbing.judged_period (
  kpi text collate "C" not null,
  grain text collate "C" not null,
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
  periods_met integer not null,
  periods_judged integer not null,
  outlook text collate "C",
  final_after timestamptz,
  constraint judged_period_key unique nulls not distinct (kpi, grain, service, team_id, begins_at)
);
create index judged_period_begins on plumbing.judged_period (begins_at, grain, kpi);
create index notice_given_up on fold.notice (failed_at) where failure in ('given_up', 'refused');
create index mail_deferred on deliveries.mail (notice_id) where why is not null;
