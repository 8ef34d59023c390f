-- The facts of requests and of problems; columns as of those of incidents (0002).
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
  like kpi.incident_opened,
  path text collate "C",
  catalogue_item text collate "C",
  settled boolean not null,
  primary key (case_id)
);
alter table kpi.request_opened drop column recorded_at;

create table kpi.request_responded (
  like kpi.request_opened including indexes,
  seconds bigint not null,
  business_seconds bigint,
  inferred boolean not null
);
alter table kpi.request_responded drop column settled;

create table kpi.request_handled (
  like kpi.request_responded including indexes,
  final boolean not null
);
alter table kpi.request_handled drop column inferred;

create table kpi.request_delivered (
  like kpi.request_handled including indexes,
  rework_rounds integer not null,
  reopened_soon boolean not null
);

create table kpi.request_approved (
  like kpi.request_handled,
  n integer not null,
  primary key (case_id, n)
);
alter table kpi.request_approved drop column final;

create table kpi.request_judged (like kpi.request_opened including indexes, passed boolean not null);
alter table kpi.request_judged drop column settled;
create table kpi.request_due (like kpi.request_opened including indexes, met boolean not null);
alter table kpi.request_due drop column settled;
create table kpi.request_project_due (like kpi.request_due including indexes);

create table kpi.request_life (
  like kpi.incident_life including generated including indexes,
  path text collate "C",
  catalogue_item text collate "C",
  undecided boolean not null
);

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
  position bigint not null,
  opened_position bigint not null,
  proactive boolean not null
);
create table kpi.problem_resolved (like kpi.problem_opened including indexes, final boolean not null);
alter table kpi.problem_resolved drop column proactive;
create table kpi.problem_caused (
  like kpi.problem_resolved including indexes,
  seconds bigint not null,
  business_seconds bigint
);
create table kpi.problem_fixed (like kpi.problem_caused including indexes);

create table kpi.problem_incident (
  case_id uuid,
  incident_id uuid,
  position bigint not null,
  primary key (case_id, incident_id)
);

create table kpi.problem_life (
  case_id uuid,
  n integer,
  since timestamptz not null,
  until timestamptz not null,
  span_class smallint not null generated always as (case when until = 'infinity' then 99
    else floor(ln(greatest(extract(epoch from until - since), 1)::double precision) / ln(2::double precision)) end) stored,
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
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index on kpi.problem_life (phase, span_class, since);

do $$
declare
  fact text;
begin
  foreach fact in array array['responded', 'handled', 'delivered', 'approved'] loop
    execute format('create index request_%1$s_seconds on kpi.request_%1$s (seconds)
      include (at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded)',
      fact);
    execute format('create index request_%1$s_team on kpi.request_%1$s (team_id, at)
      include (seconds, priority, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded)',
      fact);
    execute format('create index request_%1$s_at on kpi.request_%1$s (at)', fact);
  end loop;
  foreach fact in array array['request_opened', 'request_judged', 'request_due', 'request_project_due', 'problem_opened',
                              'problem_caused', 'problem_resolved', 'problem_fixed'] loop
    execute format('create index %1$s_at on kpi.%1$s (at)', fact);
    execute format('create index %1$s_team on kpi.%1$s (team_id, at)', fact);
  end loop;
end $$;

-- There may be requests already.
update log.checkpoint set position = 0 where consumer = 'kpi';
