-- Risks, with their assessments, responses, occurrences and indicators, and the matrices of their levels.
create table fold.risk (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null,
  state text collate "C" not null,
  title text collate "C" not null,
  kind text collate "C" not null,
  found_by text collate "C" not null,
  cause text not null,
  process text collate "C",
  services text[] collate "C",
  change_ids text[] collate "C",
  improvement_ids text[] collate "C",
  owner_id uuid not null,
  identified_by_id uuid,
  likelihood integer,
  impact integer,
  risk_level text collate "C",
  matrix_id uuid,
  move text collate "C",
  controllable boolean,
  dear boolean,
  offered_response text collate "C",
  response text collate "C",
  transfer_to text,
  accepted_until_at timestamptz,
  accepted_by_management boolean,
  reassess_by_at timestamptz,
  fell_due_at timestamptz,
  overdue_at timestamptz,
  lapsed_at timestamptz,
  closing_reason text,
  identified_at timestamptz not null,
  assessed_at timestamptz,
  treated_at timestamptz,
  closed_at timestamptz
);
create table fold.risk_action (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  title text collate "C" not null,
  person_id uuid not null,
  due_at timestamptz not null,
  planned_at timestamptz not null,
  outcome text,
  done_at timestamptz,
  dropped_at timestamptz,
  overdue_at timestamptz
);
create table fold.risk_assessment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  likelihood integer not null,
  impact integer not null,
  risk_level text collate "C" not null,
  matrix_id uuid,
  remark text,
  assessed_by_id uuid,
  assessed_at timestamptz not null
);
create table fold.risk_indicator (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  kpi text collate "C" not null,
  comparator text collate "C" not null,
  threshold text collate "C" not null,
  service text collate "C",
  team_id uuid,
  window_days integer not null,
  crossings integer not null,
  reached_at timestamptz,
  attached_at timestamptz not null
);
create table fold.risk_matrix (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null,
  state text collate "C" not null,
  cells jsonb not null,
  set_at timestamptz not null
);
create table fold.risk_occurrence (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  happened_at timestamptz not null,
  extent text not null,
  loss text collate "C",
  currency text collate "C",
  recorded_by_id uuid,
  noted_at timestamptz not null
);
create table fold.risk_warning (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  indicator_id uuid not null,
  kpi text collate "C" not null,
  threshold text collate "C" not null,
  reading text collate "C" not null,
  warned_at timestamptz not null,
  cleared_reading text collate "C",
  cleared_at timestamptz
);
alter table fold.risk add unique (number);
create index risk_changed on fold.risk (changed_at, id);
create index risk_identified on fold.risk (identified_at desc, id desc);
create index risk_state on fold.risk (state, identified_at desc, id desc);
create index risk_reassess on fold.risk (reassess_by_at, id);
create index risk_owner on fold.risk (owner_id, identified_at desc, id desc);
create index risk_identifier on fold.risk (identified_by_id, identified_at desc, id desc);
create index risk_services on fold.risk using gin (services);
create index risk_action_record on fold.risk_action (record, planned_at);
create index risk_action_person on fold.risk_action (person_id);
create index risk_assessment_record on fold.risk_assessment (record, assessed_at);
create index risk_occurrence_record on fold.risk_occurrence (record, noted_at);
create index risk_indicator_record on fold.risk_indicator (record, attached_at);
create index risk_warning_record on fold.risk_warning (record, warned_at);
alter table fold.risk_matrix add unique (number);
create index risk_matrix_set on fold.risk_matrix (set_at desc, id desc);
