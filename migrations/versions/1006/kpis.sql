-- The improvement programme: suggestions and what becomes of them, pilots, effects and benefits; and who is there to suggest.
create table kpi.improvement_suggestion_offered (
  case_id uuid primary key,
  at timestamptz not null,
  source text collate "C",
  process text collate "C",          -- none: it is about the department
  team_id uuid,                      -- that of whoever offered it, then
  offered_by text collate "C" not null, -- person, rule
  excluded text collate "C",         -- none is
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  selected boolean not null,
  settled_on boolean not null,       -- selected, declined or merged
  improvement_id uuid
);
create index improvement_suggestion_offered_at on kpi.improvement_suggestion_offered (at)
  include (source, process, team_id, offered_by, excluded, selected, settled_on);
create index improvement_suggestion_offered_improvement on kpi.improvement_suggestion_offered (improvement_id);

create table kpi.improvement_course (
  case_id uuid primary key,
  size text collate "C",             -- none: it is not classified yet
  standardised_at timestamptz,       -- for the first time
  position bigint                    -- of the event that tells of it
);
create index improvement_course_standardised on kpi.improvement_course (standardised_at) where standardised_at is not null;

-- A suggestion is one with the improvement that carries it out.
create view kpi.improvement_suggestion_idea as
  select offered.case_id, offered.at, course.size, offered.excluded, offered.irregular, offered.position, offered.opened_position,
    course.standardised_at as ended_at,
    greatest(round(extract(epoch from course.standardised_at - offered.at)), 0)::bigint as ended_seconds
  from kpi.improvement_suggestion_offered offered left join kpi.improvement_course course on course.case_id = offered.improvement_id;
create view kpi.improvement_suggestion_standardised as
  select offered.case_id, course.standardised_at as at, course.size, offered.excluded, offered.irregular, course.position,
    offered.opened_position, greatest(round(extract(epoch from course.standardised_at - offered.at)), 0)::bigint as seconds
  from kpi.improvement_suggestion_offered offered join kpi.improvement_course course on course.case_id = offered.improvement_id
  where course.standardised_at is not null;
create view kpi.improvement_suggestion_proposed as
  select * from kpi.improvement_suggestion_offered where offered_by = 'person';

create table kpi.improvement_pilot_judged (
  case_id uuid primary key,
  at timestamptz not null,           -- of the first judgement
  process text collate "C",
  size text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  passed boolean not null,
  finally_passed boolean not null,
  pilot_ended boolean not null       -- passed, stopped or given up
);
create index improvement_pilot_judged_at on kpi.improvement_pilot_judged (at);

create table kpi.improvement_judged (
  case_id uuid primary key,
  at timestamptz not null,
  process text collate "C",
  size text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  achieved boolean not null          -- on every target KPI
);
create index improvement_judged_at on kpi.improvement_judged (at);

create table kpi.improvement_target_judged (
  case_id uuid not null,
  n integer not null,
  at timestamptz not null,
  process text collate "C",
  size text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  target text collate "C",           -- the key of the target KPI
  achieved boolean not null,
  primary key (case_id, n)
);
create index improvement_target_judged_at on kpi.improvement_target_judged (at);

create table kpi.improvement_benefit_due (
  case_id uuid not null,
  n integer not null,                -- months since it was standardised
  at timestamptz not null,
  process text collate "C",
  size text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  kept boolean not null,
  primary key (case_id, n)
);
create index improvement_benefit_due_at on kpi.improvement_benefit_due (at);

-- Improvements that are projects, by the date of the first plan that was approved; and all projects.
create table kpi.improvement_project_due (
  case_id uuid primary key,
  at timestamptz not null,           -- of the hand-over, or when the time ran out
  priority text collate "C",
  team_id uuid,
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index improvement_project_due_at on kpi.improvement_project_due (at);
create view kpi.request_project_promised as
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded,
    irregular, position, opened_position, met
  from kpi.request_project_due
  union all
  select case_id, at, priority, team_id, null, null, null, assignee_id, customer_id, null, null, excluded, irregular, position,
    opened_position, met
  from kpi.improvement_project_due;

-- When persons were active, and in which team.
create table kpi.person_stretch (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  team_id uuid,
  primary key (case_id, n)
);

-- All facts are made anew.
update log.checkpoint set position = 0 where consumer = 'kpi';
