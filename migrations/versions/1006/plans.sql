-- Annual improvement plans.
create table fold.improvement_plan (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text not null,
  year integer not null,
  edition integer not null,
  owner_id uuid,
  co_author_ids text[] collate "C",
  direction text,
  vision text,
  present_state text,
  best_practice text,
  drivers text,
  weights jsonb not null,
  review_interval text collate "C" not null,
  drafted_at timestamptz not null,
  submitted_at timestamptz,
  decision_id uuid,
  baseline_position bigint,
  approved_at timestamptz,
  returned_at timestamptz,
  begun_at timestamptz,
  last_reviewed_at timestamptz,
  next_review_due_at timestamptz,
  review_overdue_at timestamptz,
  assessment_due_at timestamptz,
  assessment_overdue_at timestamptz,
  adjustment_id uuid,
  adjusted_at timestamptz,
  closed_at timestamptz,
  close_reason text,
  lessons text,
  result_position bigint,
  appended_at timestamptz
);
create index improvement_plan_year on fold.improvement_plan (year desc, id desc);
create index improvement_plan_drafted on fold.improvement_plan (drafted_at desc, id desc);
create index improvement_plan_changed on fold.improvement_plan (changed_at, id);
create index improvement_plan_owner on fold.improvement_plan (owner_id, year desc, id desc);
-- One plan of a year is on its way or in force, whoever else submits another one at the same time.
create unique index improvement_plan_year_key on fold.improvement_plan (year)
  where state in ('submitted', 'approved', 'running');

create table fold.improvement_plan_target (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  name text collate "C" not null,
  title text not null,
  kpi text collate "C" not null,
  before_from text collate "C" not null,
  before_to text collate "C" not null,
  tz text collate "C",
  scope jsonb,
  goal text collate "C" not null,
  due_on text collate "C" not null,
  business_goal text not null,
  planned_at timestamptz not null,
  result_value text collate "C",
  result_compared text collate "C",
  result_cases integer,
  result_share text collate "C",
  result_met boolean,
  appended_at timestamptz
);
create index improvement_plan_target_record on fold.improvement_plan_target (record, planned_at, id);

create table fold.improvement_plan_point (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text not null,
  refers_to text[] collate "C",
  planned_at timestamptz not null,
  appended_at timestamptz
);
create index improvement_plan_point_record on fold.improvement_plan_point (record, planned_at, id);

create table fold.improvement_plan_step (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text not null,
  person_id uuid,
  due_on text collate "C" not null,
  planned_at timestamptz not null,
  appended_at timestamptz
);
create index improvement_plan_step_record on fold.improvement_plan_step (record, planned_at, id);
create index improvement_plan_step_person on fold.improvement_plan_step (person_id);

create table fold.improvement_plan_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  meeting_id uuid,
  report text,
  adjustments text,
  progress jsonb not null,
  position bigint not null,
  reviewed_by_id uuid,
  reviewed_at timestamptz not null,
  appended_at timestamptz
);
create index improvement_plan_review_record on fold.improvement_plan_review (record, reviewed_at, id);

create table fold.improvement_plan_adjustment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  decision_id uuid,
  changes text,
  reason text,
  targets jsonb,
  edition integer,
  proposed_by_id uuid,
  proposed_at timestamptz not null,
  adopted_at timestamptz,
  refused_at timestamptz,
  appended_at timestamptz
);
create index improvement_plan_adjustment_record on fold.improvement_plan_adjustment (record, proposed_at, id);
