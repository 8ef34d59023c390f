-- When the self-checks and the summaries of audits were due, and whether they were handed in by then.
create table kpi.audit_self_check_due (
  case_id uuid primary key,
  at timestamptz not null,
  process text collate "C",
  team_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index audit_self_check_due_at on kpi.audit_self_check_due (at);
create table kpi.audit_summary_due (
  case_id uuid primary key,
  at timestamptz not null,
  process text collate "C",
  team_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index audit_summary_due_at on kpi.audit_summary_due (at);

-- The findings that stand; whether one repeats another is null of those that the team had found itself.
create table kpi.finding_raised (
  case_id uuid primary key,
  at timestamptz not null,
  process text collate "C",
  team_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  self_found boolean not null,
  repeats_finding boolean
);
create index finding_raised_at on kpi.finding_raised (at);

-- When documents were first in force, and the stretches of time in which each is.
create table kpi.document_published (
  case_id uuid primary key,
  at timestamptz not null
);
create index document_published_at on kpi.document_published (at);
create table kpi.document_life (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  span_class smallint not null generated always as (
    case when until = 'infinity' then 99
      else floor(ln(greatest(extract(epoch from until - since), 1)::double precision) / ln(2::double precision)) end
  ) stored,
  phase text collate "C" not null,
  on_hold boolean not null,
  overdue boolean not null,
  opened_at timestamptz not null,
  document_class text collate "C",
  owner_id uuid,
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index document_life_at on kpi.document_life (phase, span_class, since) include (until, overdue, document_class, owner_id);

-- What befell risks, and the stretches of time in which each stands with one level, process and owner.
create table kpi.risk_course (
  case_id uuid not null,
  n integer not null,
  at timestamptz not null,
  risk_event text collate "C" not null,
  risk text collate "C",
  process text collate "C",
  owner_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index risk_course_at on kpi.risk_course (at);
create table kpi.risk_life (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  span_class smallint not null generated always as (
    case when until = 'infinity' then 99
      else floor(ln(greatest(extract(epoch from until - since), 1)::double precision) / ln(2::double precision)) end
  ) stored,
  phase text collate "C" not null,
  on_hold boolean not null,
  opened_at timestamptz not null,
  risk text collate "C",
  process text collate "C",
  owner_id uuid,
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index risk_life_at on kpi.risk_life (phase, span_class, since) include (until, risk, process, owner_id);
update log.checkpoint set position = 0 where consumer = 'kpi';
