-- Clocks of service levels: what the engine (app/service_level_engine) says of each case, as of the position of the KPI facts. Written with
-- the facts, in their transaction; it can be thrown away and filled again. Nothing in a row depends on the present.
create schema sla;

-- One row a clock. Instants that lie ahead (`due_at`, `breaches_at`, `first_warned_75_at`) hold if nothing else happens; so a
-- reader compares them with the present.
create table sla.clock (
  id uuid primary key,               -- the id in the name of its stream, `clock/<id>`
  case_id uuid not null,
  kind text collate "C" not null,    -- of the case: incident, request
  agreement_type text collate "C" not null,  -- SLA, OLA, UC
  agreement_id uuid,                 -- this, target and why: null while no agreement or target fits any more
  target_id text collate "C",
  why text collate "C",
  metric text collate "C" not null,
  party uuid,                        -- of an OLA the team, of a UC the supplier
  round integer not null,            -- 1, but for rounds of updates
  target_seconds bigint,
  calendar text collate "C",
  calendar_version uuid,
  started_at timestamptz not null,
  stopped_at timestamptz,
  state text collate "C" not null,   -- running, paused, met, missed, excluded; a running one is breached from breaches_at on
  runs bigint[] not null,            -- when it ran: from, to, from, to …, in seconds since 1970; the last may have no `to`
  elapsed_seconds bigint,            -- business seconds of `runs`, of an open one up to counted_at; null: not known
  counted_at timestamptz not null,   -- of the last event
  due_at timestamptz,                -- null while it is paused and not reached, where it is excluded, and where not known
  breaches_at timestamptz,           -- from when elapsed exceeds the target
  breached_at timestamptz,           -- the same where it is so by the last event
  first_warned_75_at timestamptz,    -- when it warned first at three quarters of its target or above
  warning_seconds bigint,            -- the seconds of its target at which it does so; null: it has no such warning
  marks bigint[] not null,           -- elapsed seconds at which its stream says so: warnings, and what rules ask for
  retargeted boolean not null,       -- whether its target has changed: such a one is computed anew from the events only
  urgent boolean not null,           -- of the open SLA clocks of its case the one that is due first
  living boolean not null,           -- whether its stream says what happens to it
  -- As of the event that decided: the stop, else the last one.
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  catalogue_item text collate "C",
  opened_at timestamptz not null,
  opened_position bigint not null,
  position bigint not null,
  excluded text collate "C",         -- how the case was left out of account: cancelled, duplicate, rejected
  irregular boolean not null,
  -- As of just before the breach, if there is one.
  breach_priority text collate "C",
  breach_team_id uuid,
  breach_service text collate "C",
  breach_channel text collate "C",
  breach_category text collate "C",
  breach_assignee_id uuid,
  breach_customer_id uuid
);
create index clock_case on sla.clock (case_id);
create index clock_due on sla.clock (kind, due_at, case_id) where urgent;
create index clock_running on sla.clock (calendar, id) where stopped_at is null and state in ('running', 'paused');
create index clock_started on sla.clock (metric, started_at) include (agreement_type, kind, state, due_at, stopped_at, excluded);
create index clock_stopped on sla.clock (metric, stopped_at) include (agreement_type, kind, state, excluded) where stopped_at is not null;
create index clock_breaches on sla.clock (breaches_at) include (agreement_type, kind, metric, stopped_at, state) where breaches_at is not null;
create index clock_agreement on sla.clock (agreement_id, started_at);

-- One row a case that an SLA covers.
create table sla.case (
  case_id uuid primary key,
  kind text collate "C" not null,
  agreement_id uuid not null,
  why text collate "C" not null,
  reopen_days integer,
  opened_at timestamptz not null,
  position bigint not null
);
create index case_agreement on sla.case (agreement_id, opened_at, case_id);

-- What is computed anew though no event of its own says so: running clocks of a calendar of which a version was published,
-- and cases brought in by imports that an agreement covers which was signed or ended afterwards. Done piece by piece, each
-- committed by itself; `after` says how far. Kept for operators.
create table sla.recomputation (
  position bigint primary key,       -- of the event that asked for it
  cause text collate "C" not null,   -- calendar, agreement, escalation_rule
  reference uuid not null,           -- the calendar's version, the agreement, the rule
  started_at timestamptz not null,
  finished_at timestamptz,
  after uuid,
  number bigint not null,            -- of clocks, or of cases, looked at so far
  seconds double precision not null  -- taken so far
);

-- For how many days a ticket may be reopened, as the agreement says that applied when it was opened, or edited.
alter table fold.incident add column reopen_days integer;
alter table fold.request add column reopen_days integer;
