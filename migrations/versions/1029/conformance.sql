-- How cases of every numbered kind really went. Filled by the consumer conformance; it can be thrown away and filled again.
--
-- steps              the types of the events that changed the state, in order, with the seconds since the one before
--                    (step_seconds); `variant` is a hash of them
-- all_steps          the types of all its events, with what each changed (all_changes) and the seconds since the one before
-- team_id … service  as they are known at its last event
-- ended_at           since when it stands in a state that ends it; null: it is open
create table kpi.process_case (
  case_id uuid primary key,
  kind text collate "C" not null,
  source text collate "C" not null,
  state text collate "C",
  started_at timestamptz not null,
  ended_at timestamptz,
  seconds bigint,
  team_id uuid,
  assignee_id uuid,
  service text collate "C",
  customer_id uuid,
  variant uuid not null,
  steps text[] collate "C" not null,
  step_seconds bigint[] not null,
  all_variant uuid not null,
  all_steps text[] collate "C" not null,
  all_changes boolean[] not null,
  all_seconds bigint[] not null
) with (fillfactor = 60);
create index process_case_ended on kpi.process_case (kind, ended_at);
create index process_case_open on kpi.process_case (kind, started_at) where (ended_at is null);
create index process_case_team on kpi.process_case (team_id, kind, ended_at);

-- A step: an event that changed the state. `seconds` since the one before, null of the first; `returns`: into a state in which
-- the case had stood before, otherwise than out of a wait.
create table kpi.process_step (
  case_id uuid not null,
  n integer not null,
  type text collate "C" not null,
  previous text collate "C",
  seconds bigint,
  state text collate "C" not null,
  state_before text collate "C",
  at timestamptz not null,
  "returns" boolean not null,
  primary key (case_id, n)
) with (fillfactor = 80);

-- A hand-over: the case went from one team (or person) to another. `seconds` since the one had got it; `returns`: the other
-- had had it before.
create table kpi.process_handover (
  case_id uuid not null,
  holding text collate "C" not null,
  n integer not null,
  from_id uuid not null,
  to_id uuid not null,
  seconds bigint not null,
  at timestamptz not null,
  "returns" boolean not null,
  primary key (case_id, holding, n)
) with (fillfactor = 80);
