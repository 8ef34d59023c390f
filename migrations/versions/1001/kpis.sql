-- What the KPIs of incidents are computed from. Filled by the consumer kpi; it can be thrown away and filled
-- again. One table per kind of fact, one row per case: a column for the kind would be a filter that no index serves.
--
-- at                 the instant that decides the period
-- seconds            how long it took, elapsed, to the nearest second; business_seconds by the calendar of the
--                    agreement, null as long as the case has none
-- priority … customer_id   as of the deciding event, which stands at `position` in the log
-- excluded           why the case counts in no duration, share or rate; null: it does
-- irregular          an event of the case did not fit the lifecycle
create schema kpi;

-- What is known of a case after its events: what each has set, the later over the earlier.
create aggregate kpi.merged(jsonb) (sfunc = pg_catalog.jsonb_concat, stype = jsonb, initcond = '{}');

create table kpi.incident_opened (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  recorded_at timestamptz,
  repeats boolean not null default false,
  ended_at timestamptz,
  ended_seconds bigint,
  source text collate "C" not null
) with (fillfactor = 60);
create index incident_opened_at on kpi.incident_opened (at) include (priority, team_id, service, channel, category, assignee_id, customer_id, source, excluded, ended_at, ended_seconds);
create index incident_opened_kind on kpi.incident_opened (service, category, at) where ((service is not null) and (category is not null));
create index incident_opened_recorded on kpi.incident_opened (recorded_at) where (recorded_at is not null);
create index incident_opened_team on kpi.incident_opened (team_id, at) include (excluded, ended_at, ended_seconds);

create table kpi.incident_closed (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  business_seconds bigint
);
create index incident_closed_at on kpi.incident_closed (at) include (seconds, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_closed_team on kpi.incident_closed (team_id, at) include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded);

-- inferred: told by another system, which says where the case stood and not who answered.
create table kpi.incident_responded (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  business_seconds bigint,
  inferred boolean not null,
  skewed boolean not null
);
create index incident_responded_at on kpi.incident_responded (at) include (seconds, skewed, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_responded_team on kpi.incident_responded (team_id, at) include (seconds, skewed, priority, service, channel, category, assignee_id, customer_id, excluded);

create table kpi.incident_first_resolved (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  business_seconds bigint
);
create index incident_first_resolved_at on kpi.incident_first_resolved (at) include (seconds, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_first_resolved_team on kpi.incident_first_resolved (team_id, at) include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded);

create table kpi.incident_resolved (
  case_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  business_seconds bigint,
  reopened boolean not null,
  reassignments integer not null,
  came_back boolean not null,
  first_contact boolean,
  unattended boolean,
  n integer not null,
  final boolean not null,
  reopened_soon boolean not null,
  review_on_time boolean,
  recorded_at timestamptz,
  cost bigint,
  currency text,
  handovers integer not null default 0,
  source text collate "C" not null,
  primary key (case_id, n)
);
create index incident_resolved_at on kpi.incident_resolved (at) include (seconds, final, reopened, reopened_soon, reassignments, handovers, came_back, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_resolved_kind on kpi.incident_resolved (service, category, at) include (case_id) where (final and (service is not null) and (category is not null));
create index incident_resolved_major on kpi.incident_resolved (at) where (review_on_time is not null);
create index incident_resolved_recorded on kpi.incident_resolved (recorded_at) where (final and (recorded_at is not null));
create index incident_resolved_team on kpi.incident_resolved (team_id, at) include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded, final);

-- Stretches in which a case was open, or ended and not yet closed, with nothing in it that a KPI can tell apart.
-- An event at an instant belongs to what comes after it, so the case stood so just before T if since < T <= until.
create table kpi.incident_life (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  -- How long it is, as the power of two below its seconds; 99: it has not ended. With it an index finds the
  -- stretches around an instant: those of one class began within a known time before it.
  span_class smallint not null generated always as (
case
    when (until = 'infinity'::timestamptz) then (99)::double precision
    else floor((ln((GREATEST(EXTRACT(epoch from (until - since)), (1)::numeric))::double precision) / ln((2)::double precision)))
end) stored,
  phase text collate "C" not null,
  on_hold boolean not null,
  responded boolean not null,
  resolved_before boolean not null,
  opened_at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  source text collate "C" not null,
  primary key (case_id, n)
);
create index incident_life_around on kpi.incident_life (phase, span_class, since) include (until, on_hold, responded, resolved_before, opened_at, priority, team_id, service, channel, category, assignee_id, customer_id);

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
  added_at timestamptz not null,
  appended_at timestamptz
);
create index kpi_target_added on fold.kpi_target (added_at desc, id desc);
create index kpi_target_kpi on fold.kpi_target (kpi, added_at desc, id desc);

create table kpi.incident_restored (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  business_seconds bigint,
  inferred boolean not null,
  skewed boolean not null
);
create index incident_restored_at on kpi.incident_restored (at) include (seconds, skewed, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_restored_team on kpi.incident_restored (team_id, at) include (seconds, skewed, priority, service, channel, category, assignee_id, customer_id, excluded);

create table kpi.incident_declared_major (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  downgraded boolean not null
);
create index incident_declared_major_at_priority_team_id_service_channel_idx on kpi.incident_declared_major (at) include (priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_declared_major_team_id_at_idx on kpi.incident_declared_major (team_id, at);

-- The openings and final resolutions as facts of when they were recorded.
create view kpi.incident_recorded as
  select case_id, recorded_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null::bigint as business_seconds,
    greatest(round(extract(epoch from recorded_at - at))::bigint, 0) as seconds, source
  from kpi.incident_opened where recorded_at is not null
  union all
  select case_id, recorded_at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, null, greatest(round(extract(epoch from recorded_at - at))::bigint, 0), source
  from kpi.incident_resolved where final and recorded_at is not null;

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
  made_at timestamptz not null,
  appended_at timestamptz
);
create unique index reconciliation_day on fold.reconciliation (day);
create index reconciliation_made on fold.reconciliation (made_at desc, id desc);

-- The facts of requests and of problems; columns as of those of incidents.
--
-- request_approved     a wait for an approval that an answer ended; a case may have several
-- request_handled      of the standard path, seconds: how long it was worked on
-- request_judged       the first acceptance; passed: it was accepted
-- request_due          when it was delivered in the time that its catalogue item promises, or when that ran out
-- request_project_due  the same by the date of the first plan that was approved
-- settled              it was delivered, and never taken up again within 7 days of it
-- rework_rounds        how often something was done again before it was delivered for good
-- problem_incident     the incidents that are linked to it
create table kpi.request_opened (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  settled boolean not null
);
create index request_opened_at on kpi.request_opened (at);
create index request_opened_team on kpi.request_opened (team_id, at);

create table kpi.request_responded (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  seconds bigint not null,
  business_seconds bigint not null,
  inferred boolean not null,
  skewed boolean not null
);
create index request_responded_at on kpi.request_responded (at) include (seconds, business_seconds, skewed, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);
create index request_responded_team on kpi.request_responded (team_id, at) include (seconds, business_seconds, skewed, priority, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);

create table kpi.request_handled (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  seconds bigint not null,
  business_seconds bigint not null,
  final boolean not null,
  at_once boolean
);
create index request_handled_at on kpi.request_handled (at) include (seconds, business_seconds, at_once, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);
create index request_handled_team on kpi.request_handled (team_id, at) include (seconds, business_seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded);

create table kpi.request_delivered (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  seconds bigint not null,
  business_seconds bigint not null,
  final boolean not null,
  rework_rounds integer not null,
  reopened_soon boolean not null,
  requirement_changes integer not null
);
create index request_delivered_at on kpi.request_delivered (at) include (seconds, business_seconds, final, rework_rounds, requirement_changes, reopened_soon, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);
-- Projects are few among what was delivered.
create index request_delivered_projects on kpi.request_delivered (at) include (seconds, business_seconds, priority, team_id, service, channel, category, assignee_id, customer_id, catalogue_item, path, excluded) where (final and (path = 'project'));
create index request_delivered_team on kpi.request_delivered (team_id, at) include (seconds, business_seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded) where final;

create table kpi.request_approved (
  case_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  seconds bigint not null,
  business_seconds bigint,
  n integer not null,
  approver_role text collate "C",
  primary key (case_id, n)
);
create index request_approved_at on kpi.request_approved (at) include (seconds, approver_role, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);
create index request_approved_team on kpi.request_approved (team_id, at) include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded, approver_role);

create table kpi.request_judged (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  passed boolean not null
);
create index request_judged_at on kpi.request_judged (at);
create index request_judged_team on kpi.request_judged (team_id, at);

create table kpi.request_due (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  met boolean not null
);
create index request_due_at on kpi.request_due (at);
create index request_due_team on kpi.request_due (team_id, at);

create table kpi.request_project_due (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  met boolean not null
);
create index request_project_due_at on kpi.request_project_due (at);
create index request_project_due_team on kpi.request_project_due (team_id, at);

create table kpi.request_life (
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
  responded boolean not null,
  resolved_before boolean not null,
  opened_at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  undecided boolean not null,
  approver_role text collate "C",
  primary key (case_id, n)
);
create index request_life_around on kpi.request_life (phase, span_class, since) include (until, on_hold, responded, undecided, opened_at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, approver_role);

create table kpi.problem_opened (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  proactive boolean not null,
  ended_at timestamptz,
  ended_seconds bigint
);
create index problem_opened_at on kpi.problem_opened (at);
create index problem_opened_team on kpi.problem_opened (team_id, at);

create table kpi.problem_resolved (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  final boolean not null
);
create index problem_resolved_at on kpi.problem_resolved (at);
create index problem_resolved_team on kpi.problem_resolved (team_id, at);

create table kpi.problem_caused (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  final boolean not null,
  seconds bigint not null,
  business_seconds bigint
);
create index problem_caused_at on kpi.problem_caused (at);
create index problem_caused_team on kpi.problem_caused (team_id, at);

create table kpi.problem_fixed (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  final boolean not null,
  seconds bigint not null,
  business_seconds bigint
);
create index problem_fixed_at on kpi.problem_fixed (at);
create index problem_fixed_team on kpi.problem_fixed (team_id, at);

create table kpi.problem_incident (
  case_id uuid not null,
  incident_id uuid not null,
  "position" bigint not null,
  primary key (case_id, incident_id)
);

create table kpi.problem_life (
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
  caused boolean not null,
  known_error boolean not null,
  opened_at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index problem_life_phase_span_class_since_idx on kpi.problem_life (phase, span_class, since);

create table kpi.request_task (
  case_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  met boolean not null,
  task_id uuid not null,
  primary key (case_id, task_id)
);
create index request_task_at_idx on kpi.request_task (at);
-- A team's tasks.
create index request_task_team on kpi.request_task (team_id, at) include (met, excluded);

-- What requests_per_agent_day is computed from.
--
-- agent_work   on which days (UTC) the holder of a case did something with it. One row per case, holder, team and day.
--   quarters   in which quarters of an hour of the day, the first one first
--   ended_at   the case came to its final end then, for its holder, who had worked on it; null: not on that day
--   position   of the event that ended it, else of the first one of the row
-- agent_day    the same of all cases together; ended: how many came to their end
create function kpi.quarter(at timestamptz) returns bit(96) language sql immutable parallel safe
return set_bit(B'0'::bit(96),
  (extract(hour from at at time zone 'UTC') * 4 + floor(extract(minute from at at time zone 'UTC') / 15))::integer, 1);

create table kpi.agent_work (
  case_id uuid not null,
  n integer not null,
  assignee_id uuid not null,
  team_id uuid,
  day date not null,
  quarters bit(96) not null,
  ended_at timestamptz,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index agent_work_day on kpi.agent_work (assignee_id, day) include (team_id, quarters, ended_at);
create index agent_work_ended on kpi.agent_work (ended_at) include (team_id, assignee_id) where (ended_at is not null);
create index agent_work_team on kpi.agent_work (team_id, ended_at) include (assignee_id) where (ended_at is not null);

-- The cases that came to their end, as facts of that.
create view kpi.request_ended as
  select case_id, ended_at as at, team_id, assignee_id, null::text as excluded, irregular, position, opened_position
  from kpi.agent_work where ended_at is not null;

create table kpi.agent_day (
  day date not null,
  assignee_id uuid not null,
  team_id uuid,
  quarters bit(96) not null,
  ended integer not null
);
-- All that an answer asks for is in the indexes.
create unique index agent_day_day on kpi.agent_day (day, assignee_id, team_id) include (quarters, ended) nulls not DISTINCT;
create index agent_day_team on kpi.agent_day (team_id, day) include (assignee_id, quarters, ended);

-- Which of so many shares of the cases a stream belongs to, from 0.
create function kpi.share(stream text, shares integer) returns integer language sql immutable parallel safe
return (hashtextextended(stream, 0) & 65535)::integer % shares;

-- A share of a span up to `position` that is written before the rest is. Facts are of one moment of the log only
-- while there is none. What its cases had before, for what is about other cases, too:
--   services, categories, times   their resolutions
--   assignees, days               who worked on them on which days
create table kpi.unfinished (
  "position" bigint not null,
  services text[] not null,
  categories text[] not null,
  times timestamptz[] not null,
  assignees uuid[] not null,
  days date[] not null
);

create table kpi.request_state (
  case_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  path text collate "C",
  catalogue_item text collate "C",
  state text collate "C" not null,
  seconds bigint not null,
  primary key (case_id, state)
);
create index request_state_at on kpi.request_state (at) include (seconds, state, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, path, catalogue_item);
create index request_state_team on kpi.request_state (team_id, at) include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded, state);

create table kpi.problem_risk_accepted (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  category text collate "C",
  assignee_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null
);
create index problem_risk_accepted_at_idx on kpi.problem_risk_accepted (at);
create index problem_risk_accepted_team_id_at_idx on kpi.problem_risk_accepted (team_id, at);

-- A question is about a stretch of time, and is answered in two halves of it. What was in the order of the seconds was
-- read as a whole, however short the stretch, and each kind of seconds wanted an index of its own.
create function kpi.in_order(numbers bigint[]) returns bigint[]
language sql immutable strict parallel safe
return (select array_agg(number order by number) from (select unnest(numbers) as number) unordered);

create table kpi.incident_moved (
  case_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  n integer not null,
  from_team_id uuid not null,
  to_team_id uuid not null,
  came_back boolean not null,
  ended_position bigint not null,
  primary key (case_id, n)
);
create index incident_moved_at on kpi.incident_moved (at) include (from_team_id, to_team_id, came_back, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_moved_team on kpi.incident_moved (team_id, at);

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
  added_at timestamptz not null,
  appended_at timestamptz
);
create index kpi_budget_added on fold.kpi_budget (added_at desc, id desc);
create index kpi_budget_kpi on fold.kpi_budget (kpi, added_at desc, id desc);

create table kpi.incident_resolution_due (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index incident_resolution_due_at on kpi.incident_resolution_due (at) include (met, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_resolution_due_team on kpi.incident_resolution_due (team_id, at) include (met, excluded);

create table kpi.incident_response_due (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index incident_response_due_at on kpi.incident_response_due (at) include (met, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_response_due_team on kpi.incident_response_due (team_id, at) include (met, excluded);
