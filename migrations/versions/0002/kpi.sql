-- What the KPIs of incidents are computed from. Filled by the consumer kpi:incident; it can be thrown away and filled
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
  position bigint not null,
  opened_position bigint not null
);

create table kpi.incident_closed (
  like kpi.incident_opened including indexes,
  seconds bigint not null,
  business_seconds bigint
);

-- inferred: told by another system, which says where the case stood and not who answered.
create table kpi.incident_responded (
  like kpi.incident_closed including indexes,
  inferred boolean not null
);

create table kpi.incident_first_resolved (
  like kpi.incident_closed including indexes
);

create table kpi.incident_resolved (
  like kpi.incident_closed including indexes,
  reopened boolean not null,
  reassignments integer not null
);

create index incident_opened_at on kpi.incident_opened (at)
  include (priority, team_id, service, channel, category, assignee_id, customer_id, excluded);
create index incident_opened_team on kpi.incident_opened (team_id, at);

-- Exact percentiles of a million cases, without sorting: the cases come in the order of their seconds, from the index
-- alone. A short time or a single team goes by an index of its own.
do $$
declare
  fact text;
begin
  foreach fact in array array['responded', 'first_resolved', 'resolved', 'closed'] loop
    execute format('create index incident_%1$s_seconds on kpi.incident_%1$s (seconds)
      include (at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded)', fact);
    execute format('create index incident_%1$s_at on kpi.incident_%1$s (at)', fact);
    -- All that an answer on a team asks for, so that its cases need not be fetched one by one.
    execute format('create index incident_%1$s_team on kpi.incident_%1$s (team_id, at)
      include (seconds, priority, service, channel, category, assignee_id, customer_id, excluded)', fact);
  end loop;
end $$;

-- Stretches in which a case was open, or ended and not yet closed, with nothing in it that a KPI can tell apart.
-- An event at an instant belongs to what comes after it, so the case stood so just before T if since < T <= until.
create table kpi.incident_life (
  case_id uuid,
  n integer,
  since timestamptz not null,
  until timestamptz not null,
  -- How long it is, as the power of two below its seconds; 99: it has not ended. With it an index finds the
  -- stretches around an instant: those of one class began within a known time before it.
  span_class smallint not null generated always as (case when until = 'infinity' then 99
    else floor(ln(greatest(extract(epoch from until - since), 1)::double precision) / ln(2::double precision)) end) stored,
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
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index incident_life_around on kpi.incident_life (phase, span_class, since)
  include (until, responded, resolved_before, priority, team_id, service, channel, category, assignee_id, customer_id);
