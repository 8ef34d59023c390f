-- What the KPIs of clocks need besides the clocks themselves (schema sla): what was said of breaches, and what was withdrawn.
-- Both only grow, in the order of the log.
create table kpi.breach_cause (
  id uuid primary key,
  case_id uuid not null,
  agreement_type text collate "C",   -- of which clock it is the cause; null: of all
  metric text collate "C",
  cause text collate "C" not null
);
create index breach_cause_case on kpi.breach_cause (case_id);

create table kpi.breach_withdrawn (
  position bigint primary key,       -- of the event
  clock_id uuid not null,
  case_id uuid not null,
  at timestamptz not null,
  agreement_id uuid,
  metric text collate "C" not null,
  cause text collate "C" not null,   -- what took the breach away: a code
  -- As the log had it then.
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  opened_position bigint not null
);
create index breach_withdrawn_at on kpi.breach_withdrawn (at);

-- The clocks of agreements with customers as facts. Each counts in one period: in that of its breach, or else of its stop.
-- What lies ahead counts if nothing else happens; so a question says when it is asked. Those of cases that are left out of
-- account say so; those of which no target fits any more are not here.
create view kpi.clock_first as
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, irregular, opened_position from kpi.incident_opened
  union all
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, irregular, opened_position from kpi.request_opened
  union all
  select case_id, at, priority, team_id, service, null, category, assignee_id, null, irregular, opened_position from kpi.problem_opened;

create view kpi.incident_clock_opened as
  select clock.case_id, clock.id as clock_id, opened.at, opened.priority, opened.team_id, opened.service, opened.channel,
    opened.category, opened.assignee_id, opened.customer_id, clock.excluded, opened.irregular, opened.opened_position as position,
    opened.opened_position, metric, agreement_id, state = 'met' as met, breaches_at
  from sla.clock join kpi.clock_first opened using (case_id)
  where agreement_type = 'SLA' and (state <> 'excluded' or clock.excluded is not null);

create view kpi.incident_clock_breached as
  select clock.case_id, clock.id as clock_id, breaches_at as at, breach_priority as priority, breach_team_id as team_id,
    breach_service as service, breach_channel as channel, breach_category as category, breach_assignee_id as assignee_id,
    breach_customer_id as customer_id, clock.excluded, irregular, opened_position as position, opened_position, metric,
    agreement_id, coalesce((
      select cause from kpi.breach_cause said
      where said.case_id = clock.case_id and (said.agreement_type is null or (said.agreement_type = 'SLA' and said.metric = clock.metric))
      order by cause = 'unknown', said.agreement_type is null, said.id limit 1
    ), 'unknown') as cause
  from sla.clock
  where agreement_type = 'SLA' and breaches_at is not null and state <> 'excluded';

create view kpi.incident_clock_stopped as
  select case_id, id as clock_id, stopped_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, metric, agreement_id, state = 'met' as met, breaches_at,
    first_warned_75_at is not null as warned
  from sla.clock
  where agreement_type = 'SLA' and stopped_at is not null and (state <> 'excluded' or excluded is not null);

create view kpi.incident_clock_decided as
  select case_id, clock_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
    opened_position, metric, agreement_id, met
  from kpi.incident_clock_stopped where breaches_at is null
  union all
  select case_id, clock_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
    opened_position, metric, agreement_id, false
  from kpi.incident_clock_breached;

create view kpi.incident_clock_withdrawn as
  select case_id, clock_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, null::text as excluded,
    false as irregular, position, opened_position, metric, agreement_id, cause
  from kpi.breach_withdrawn;

create index clock_stopped_at on sla.clock (stopped_at) where agreement_type = 'SLA' and stopped_at is not null;

-- The business seconds of what an array of runs (from, to, from, to …, in seconds since 1970) has before an instant.
create function kpi.run_seconds(calendar_version uuid, runs bigint[], until timestamptz)
returns table (seconds bigint)
language sql stable parallel safe as $$
  select coalesce(sum(counted.seconds), 0)::bigint
  from generate_series(1, (cardinality(runs) + 1) / 2) as n
  cross join lateral business_time.seconds_between(
    calendar_version, to_timestamp(runs[2 * n - 1]), least(to_timestamp(runs[2 * n]), until)) counted
  where to_timestamp(runs[2 * n - 1]) < until
$$;

-- Incidents have business time, too.
drop index kpi.incident_responded_at, kpi.incident_responded_team, kpi.incident_resolved_at, kpi.incident_resolved_team;
create index incident_responded_at on kpi.incident_responded (at) include (seconds, business_seconds, skewed, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_responded_team on kpi.incident_responded (team_id, at) include (seconds, business_seconds, skewed, priority, service, channel, category, assignee_id, customer_id, excluded);
create index incident_resolved_at on kpi.incident_resolved (at) include (seconds, business_seconds, final, reopened, reopened_soon, reassignments, handovers, came_back, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_resolved_team on kpi.incident_resolved (team_id, at) include (seconds, business_seconds, priority, service, channel, category, assignee_id, customer_id, excluded, final);
-- Outages, and the maintenance that agreements may leave out of them. Of what happened before there were these facts none
-- have been made: all facts are made anew.
--
-- incident_outage      a stretch in which an incident touched its service: `down` or `degraded`; until is infinity while it
--                      lasts; inferred: nobody said when it began
-- change_maintenance   the window of a change that was approved before it began, one row per service that it touches
create table kpi.incident_outage (
  case_id uuid not null,
  n integer not null,
  service text collate "C" not null,
  effect text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  span_class smallint not null generated always as (
case
    when (until = 'infinity'::timestamptz) then (99)::double precision
    else floor((ln((GREATEST(EXTRACT(epoch from (until - since)), (1)::numeric))::double precision) / ln((2)::double precision)))
end) stored,
  category text collate "C",
  inferred boolean not null,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index incident_outage_at on kpi.incident_outage (effect, span_class, since);

create table kpi.change_maintenance (
  case_id uuid not null,
  service text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  "position" bigint not null,
  primary key (case_id, service)
);
create index change_maintenance_service on kpi.change_maintenance (service, since) include (until);

-- The seconds that a version of a calendar counts from the one instant up to the other, both within the time of which its
-- spans are known, the end of that included (which `business_time.seconds_between` leaves open); without a version, all.
create function kpi.agreed_seconds(calendar_version uuid, first timestamptz, last timestamptz)
returns table (seconds bigint)
language sql stable parallel safe as $$
  select case when calendar_version is null then floor(extract(epoch from last - first))::bigint else
    coalesce((select s.seconds_before + floor(extract(epoch from least(s.ends, last) - s.starts))::bigint
                from business_time.calendar_span s
               where s.version = calendar_version and s.starts < last order by s.starts desc limit 1), 0)
    - coalesce((select s.seconds_before + floor(extract(epoch from least(s.ends, first) - s.starts))::bigint
                  from business_time.calendar_span s
                 where s.version = calendar_version and s.starts < first order by s.starts desc limit 1), 0) end
  offset 0
$$;

update log.checkpoint set position = 0 where consumer = 'kpi';

-- Agreements: since when each is signed, and the stretches in which it is; overdue: its review was due before.
create table kpi.sla_signed (
  case_id uuid primary key,
  at timestamptz not null
);

create table kpi.sla_life (
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
  overdue boolean not null,
  opened_at timestamptz not null,
  agreement_type text collate "C",
  owner_id uuid,
  irregular boolean not null,
  "position" bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index sla_life_at on kpi.sla_life (phase, span_class, since) include (until, overdue, agreement_type, owner_id);
