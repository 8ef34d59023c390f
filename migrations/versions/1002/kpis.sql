-- The facts of changes, of alterations of configuration items, and of deployments; columns as of those of incidents.
--
-- change_ended         the first end of its implementation: implemented, or backed out
--   verdict            whether its review says how it went, or as yet the log
--   at_first           once, in its window, not backed out, without an incident that it is confirmed to have caused
--   failed             backed out, failed as its review says, or confirmed as the cause of an incident
-- change_implemented   seconds: since it was handed in
-- change_life          opened_at: since when it counts as open, which is when it was handed in; waiting: approved, not begun;
--                      overdue: not reviewed by the time that its review is due
-- ci_altered           one row per alteration after going live
-- deployment_arrived   what was in production, or did harm on its way there
--   failed             rolled back, or confirmed as the cause of an incident
-- deployment_brought   its revisions, or else its changes; the first deployment of each counts
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

create table kpi.change_handed (
  case_id uuid primary key,
  at timestamptz not null
);

create table kpi.deployment_succeeded (
  case_id uuid primary key,
  at timestamptz not null,
  team_id uuid,
  service text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null
);
create index deployment_succeeded_at on kpi.deployment_succeeded (at) include (team_id, service, excluded);
create index deployment_succeeded_team on kpi.deployment_succeeded (team_id, at) include (service, excluded);

create table kpi.deployment_arrived (
  case_id uuid primary key,
  at timestamptz not null,
  team_id uuid,
  service text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  failed boolean not null,
  rolled_back_at timestamptz
);
create index deployment_arrived_at on kpi.deployment_arrived (at) include (failed, team_id, service, excluded);
create index deployment_arrived_team on kpi.deployment_arrived (team_id, at) include (failed, service, excluded);
create index deployment_failed on kpi.deployment_arrived (at) include (case_id, team_id, service, excluded, rolled_back_at) where failed;
create index deployment_failed_team on kpi.deployment_arrived (team_id, at) include (case_id, service, excluded, rolled_back_at) where failed;

create table kpi.deployment_incident (
  case_id uuid not null,
  incident_id uuid not null,
  "position" bigint not null,
  primary key (case_id, incident_id)
);

create table kpi.deployment_brought (
  case_id uuid not null,
  brought text collate "C" not null,
  at timestamptz not null,
  team_id uuid,
  service text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  committed_at timestamptz,
  change_id uuid,
  primary key (case_id, brought)
);
create index deployment_brought_at on kpi.deployment_brought (at) include (brought, case_id, team_id, service, excluded, committed_at, change_id);
create index deployment_brought_team on kpi.deployment_brought (team_id, at) include (brought, case_id, service, excluded, committed_at, change_id);
create index deployment_brought_first on kpi.deployment_brought (brought, at, case_id);

-- How long what was deployed had been under way: since it was committed, or handed in as a change. Each counts once.
create view kpi.deployment_lead as
  select d.case_id, d.at, d.team_id, d.service, d.excluded, d.irregular, d.position, d.opened_position,
    greatest(round(extract(epoch from d.at - coalesce(d.committed_at, handed.at))), 0)::bigint as seconds,
    coalesce(d.change_id::text, substr(d.brought, strpos(d.brought, ' ') + 1)) as revision
  from kpi.deployment_brought d left join kpi.change_handed handed on handed.case_id = d.change_id
  where coalesce(d.committed_at, handed.at) is not null
    and not exists (
      select from kpi.deployment_brought earlier
      where earlier.brought = d.brought and (earlier.at, earlier.case_id) < (d.at, d.case_id));

-- When what failed was made good: when the last incident that it caused was over, and if it caused none, when it was taken
-- back. What an incident had interrupted is back as its service is; other incidents are over as they are resolved.
create view kpi.deployment_restoration as
  select failure.*,
    case when harm.incidents is null then failure.rolled_back_at when harm.incidents = harm.over then harm.last_over_at end
      as restored_at
  from kpi.deployment_arrived failure
  left join lateral (
    select nullif(count(*), 0) as incidents, count(resolved.case_id) as over, max(coalesce(restored.at, resolved.at)) as last_over_at
    from kpi.deployment_incident caused
    left join kpi.incident_resolved resolved on resolved.case_id = caused.incident_id and resolved.final
    left join kpi.incident_restored restored on restored.case_id = caused.incident_id
    where caused.case_id = failure.case_id
  ) harm on true
  where failure.failed;

create view kpi.deployment_recovered as
  select case_id, restored_at as at, team_id, service, excluded, irregular, position, opened_position,
    greatest(round(extract(epoch from restored_at - at)), 0)::bigint as seconds
  from kpi.deployment_restoration where restored_at is not null;

-- The stretches in which failures last, with the class of those without an end (see incident_life), in which each is found.
create view kpi.deployment_life as
  select case_id, at as since, coalesce(restored_at, 'infinity') as until, 99::smallint as span_class, 'open'::text as phase,
    false as on_hold, at as opened_at, team_id, service, irregular, position, opened_position
  from kpi.deployment_restoration where restored_at is null or restored_at > at;

-- Of what happened before there were these facts none have been made: all facts are made anew.
update log.checkpoint set position = 0 where consumer = 'kpi';
