-- Quality targets and assessments, maintenance plans and rounds; and how many corrective actions and rounds are on time.
create table fold.maintenance (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text collate "C" not null,
  plan_id uuid not null,
  service text collate "C",
  ci_class text collate "C",
  team_id uuid not null,
  items text[] collate "C" not null,
  ticked integer[] not null,
  out_of_limits integer not null,
  findings integer not null,
  planned_at timestamptz not null,
  due_at timestamptz not null,
  overdue_at timestamptz,
  remark text,
  left_out text,
  done_by_id uuid,
  done_at timestamptz,
  cancelled_at timestamptz
);
create index maintenance_planned on fold.maintenance (planned_at desc, id desc);
create index maintenance_changed on fold.maintenance (changed_at, id);
create index maintenance_due on fold.maintenance (due_at desc, id desc);
create index maintenance_state on fold.maintenance (state, planned_at desc, id desc);
create index maintenance_of_plan on fold.maintenance (plan_id, planned_at desc, id desc);
create index maintenance_team on fold.maintenance (team_id, planned_at desc, id desc);
create index maintenance_service on fold.maintenance (service, planned_at desc, id desc);

create table fold.maintenance_finding (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  opens text collate "C" not null,
  about text collate "C" not null,
  title text collate "C" not null,
  reading integer,
  found_by_id uuid,
  found_at timestamptz not null
);
create index maintenance_finding_record on fold.maintenance_finding (record, found_at, id);

create table fold.maintenance_plan (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text collate "C" not null,
  service text collate "C",
  ci_class text collate "C",
  team_id uuid not null,
  interval text collate "C" not null,
  days integer not null,
  items text[] collate "C" not null,
  limits jsonb not null,
  planner_id uuid,
  first_round_at timestamptz not null,
  round_at timestamptz,
  next_round_at timestamptz not null,
  planned_at timestamptz not null,
  retired_at timestamptz
);
create index maintenance_plan_planned on fold.maintenance_plan (planned_at desc, id desc);
create index maintenance_plan_changed on fold.maintenance_plan (changed_at, id);
create index maintenance_plan_next on fold.maintenance_plan (next_round_at desc, id desc);
create index maintenance_plan_team on fold.maintenance_plan (team_id, planned_at desc, id desc);

create table fold.maintenance_reading (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  place integer not null,
  name text collate "C" not null,
  unit text collate "C" not null,
  lower text collate "C",
  upper text collate "C",
  value text collate "C",
  is_out boolean not null,
  planned_at timestamptz not null,
  read_at timestamptz,
  read_by_id uuid
);
create index maintenance_reading_record on fold.maintenance_reading (record, planned_at, id);

create table fold.quality_assessment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text collate "C" not null,
  cycle text collate "C" not null,
  service text collate "C",
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  means text[] collate "C" not null,
  opener_id uuid,
  assessor_id uuid not null,
  summary text,
  evidence text,
  verified_by_id uuid,
  opened_at timestamptz not null,
  concluded_at timestamptz,
  improved_at timestamptz,
  verified_at timestamptz,
  cancelled_at timestamptz
);
create index quality_assessment_opened on fold.quality_assessment (opened_at desc, id desc);
create index quality_assessment_changed on fold.quality_assessment (changed_at, id);
create index quality_assessment_assessor on fold.quality_assessment (assessor_id, opened_at desc, id desc);
create index quality_assessment_opener on fold.quality_assessment (opener_id, opened_at desc, id desc);

create table fold.quality_correction (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  corrective_action_id uuid not null,
  finding integer not null,
  planned_at timestamptz not null
);
create index quality_correction_record on fold.quality_correction (record, planned_at, id);

create table fold.quality_finding (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  place integer not null,
  title text collate "C" not null,
  detail text,
  service text collate "C",
  found_at timestamptz not null
);
create index quality_finding_record on fold.quality_finding (record, found_at, id);

create table fold.quality_target (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  year integer not null,
  level text collate "C" not null,
  kpi text collate "C" not null,
  comparator text collate "C" not null,
  value text collate "C" not null,
  parent_id uuid,
  team_id uuid,
  person_id uuid,
  setter_id uuid,
  answerable_id uuid not null,
  reason text,
  set_at timestamptz not null,
  accepted_at timestamptz,
  returned_at timestamptz,
  withdrawn_at timestamptz
);
create index quality_target_set on fold.quality_target (set_at desc, id desc);
create index quality_target_changed on fold.quality_target (changed_at, id);
create index quality_target_year on fold.quality_target (year, set_at desc, id desc);
create index quality_target_parent on fold.quality_target (parent_id, set_at desc, id desc);
create index quality_target_team on fold.quality_target (team_id, set_at desc, id desc);
create index quality_target_setter on fold.quality_target (setter_id, set_at desc, id desc);
create index quality_target_answerable on fold.quality_target (answerable_id, set_at desc, id desc);

-- The first due date of each corrective action, and whether it was verified by then.
create table kpi.corrective_action_due (
  case_id uuid primary key,
  at timestamptz not null,
  process text collate "C",
  owner_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index corrective_action_due_at on kpi.corrective_action_due (at);

-- The due date of each maintenance round, and whether it was done by then.
create table kpi.maintenance_due (
  case_id uuid primary key,
  at timestamptz not null,
  team_id uuid,
  service text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  met boolean not null
);
create index maintenance_due_at on kpi.maintenance_due (at);
update log.checkpoint set position = 0 where consumer = 'kpi';

-- To accept quality targets, and to make rounds, is asked of people, too.
drop index fold.notice_asking;
create index notice_asking on fold.notice (person_id, id desc) where steps && '{definition_to_review,maintenance_due,process_change_applied,reminded,risk_lapsed,target_to_accept,to_accept,to_acknowledge,to_answer,to_consent,to_kick_off,to_publish,to_review,to_review_change,to_sign,to_verify}'::text[];
