-- The facts of changes and of alterations of configuration items; columns as of those of incidents.
--
-- change_ended         the first end of its implementation: implemented, or backed out
--   verdict            whether its review says how it went, or as yet the log
--   at_first           once, in its window, not backed out, without an incident that it is confirmed to have caused
--   failed             backed out, failed as its review says, or confirmed as the cause of an incident
-- change_implemented   seconds: since it was handed in
-- change_life          opened_at: since when it counts as open, which is when it was handed in; waiting: approved, not begun;
--                      overdue: not reviewed by the time that its review is due
-- ci_altered           one row per alteration after going live
create table kpi.change_started (
  case_id uuid primary key,
  at timestamptz not null,
  change_type text collate "C",
  team_id uuid,
  service text collate "C",
  risk text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null
);
create index change_started_at on kpi.change_started (at) include (change_type, team_id, service, risk, excluded);
create index change_started_team on kpi.change_started (team_id, at) include (change_type, excluded);

create table kpi.change_ended (
  case_id uuid primary key,
  at timestamptz not null,
  change_type text collate "C",
  team_id uuid,
  service text collate "C",
  risk text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  verdict text collate "C" not null,
  at_first boolean not null,
  failed boolean not null
) with (fillfactor = 80);
create index change_ended_at on kpi.change_ended (at) include (at_first, failed, change_type, team_id, service, risk, verdict, excluded);
create index change_ended_team on kpi.change_ended (team_id, at) include (at_first, failed, excluded);

create table kpi.change_implemented (
  case_id uuid primary key,
  at timestamptz not null,
  change_type text collate "C",
  team_id uuid,
  service text collate "C",
  risk text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null
);
create index change_implemented_at on kpi.change_implemented (at) include (seconds, change_type, team_id, service, risk, excluded);
create index change_implemented_team on kpi.change_implemented (team_id, at) include (seconds, change_type, service, risk, excluded);

create table kpi.change_life (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  span_class smallint not null generated always as (
case
    when (until = 'infinity'::timestamptz) then (99)::double precision
    else floor((ln((GREATEST(EXTRACT(epoch from (until - since)), (1)::numeric))::double precision) / ln((2)::double precision)))
end) stored,
  phase text collate "C" not null,
  on_hold boolean not null,
  waiting boolean not null,
  overdue boolean not null,
  opened_at timestamptz not null,
  change_type text collate "C",
  team_id uuid,
  service text collate "C",
  risk text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index change_life_at on kpi.change_life (phase, span_class, since) include (until, waiting, overdue, on_hold, opened_at, change_type, team_id, service, risk);
create index change_life_team on kpi.change_life (team_id, phase, span_class, since) include (until, waiting, overdue, on_hold, opened_at);

create table kpi.ci_altered (
  case_id uuid not null,
  n integer not null,
  at timestamptz not null,
  ci_class text collate "C",
  team_id uuid,
  authorisation text collate "C" not null,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index ci_altered_at on kpi.ci_altered (at) include (authorisation, ci_class, team_id, excluded);
create index ci_altered_team on kpi.ci_altered (team_id, at) include (authorisation, ci_class, excluded);
