-- Releases: the changes in them, the stages that they go through, and what became of them.
create table fold.release (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  opened_at timestamptz not null,
  title text,
  requester_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  custom jsonb,
  custom_for_staff jsonb,
  description text,
  service text collate "C",
  reported_by_id uuid,
  change_ids text[] collate "C",
  environment text collate "C",
  plan text,
  target_at timestamptz,
  stage_set text collate "C",
  stage text collate "C",
  stage_author_id uuid,
  stage_reviewer_id uuid,
  stages_total integer,
  stages_passed integer,
  plan_change_id uuid,
  plan_changes integer,
  ready_at timestamptz,
  go_decision_id uuid,
  go_conditions text,
  go boolean,
  go_decided_at timestamptz,
  deployed_at timestamptz,
  deployment_id uuid,
  deployed_what text,
  rolled_back_at timestamptz,
  roll_back_reason text,
  support_ended_at timestamptz,
  open_faults text,
  faults_owner_id uuid,
  faults_team_id uuid,
  closed_at timestamptz,
  lessons text,
  cancelled_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index release_assignee on fold.release (assignee_id, opened_at desc, id desc);
create index release_changed on fold.release (changed_at, id);
create index release_changes on fold.release using gin (change_ids) where change_ids is not null;
create index release_closed on fold.release (closed_at, id);
create index release_custom on fold.release using gin (custom jsonb_path_ops) where custom is not null;
create index release_custom_for_staff on fold.release using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index release_deployed on fold.release (deployed_at, id);
create index release_environment on fold.release (environment, opened_at desc, id desc);
create index release_faults_owner on fold.release (faults_owner_id, opened_at desc, id desc)
  where faults_owner_id is not null;
-- What is open and somebody's, or a team's.
create index release_open_assignee on fold.release (assignee_id, opened_at desc, id desc)
  where state not in ('closed', 'rolled_back', 'cancelled');
create index release_open_team on fold.release (team_id, opened_at desc, id desc) include (assignee_id)
  where state not in ('closed', 'rolled_back', 'cancelled');
create index release_opened on fold.release (opened_at desc, id desc);
create index release_priority on fold.release (priority, id);
create index release_reported_by on fold.release (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index release_requester on fold.release (requester_id, opened_at desc, id desc);
create index release_service on fold.release (service, opened_at desc, id desc) where service is not null;
create index release_stage_author on fold.release (stage_author_id, opened_at desc, id desc)
  where stage_author_id is not null;
create index release_stage_reviewer on fold.release (stage_reviewer_id, opened_at desc, id desc)
  where stage_reviewer_id is not null;
create index release_state on fold.release (state, opened_at desc, id desc);
create index release_state_since on fold.release (state_since, id);
create index release_target on fold.release (target_at, id);
create index release_team on fold.release (team_id, opened_at desc, id desc);

create table fold.release_stage (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  place integer not null,
  key text collate "C" not null,
  name_en text not null,
  name_zh text not null,
  deliverable_en text not null,
  deliverable_zh text not null,
  author_role text collate "C",
  reviewer_role text collate "C",
  apart_from text[] collate "C",
  author_id uuid,
  reviewer_id uuid,
  attachment_ids text[] collate "C",
  external_numbers text[] collate "C",
  planned_at timestamptz not null,
  passed_at timestamptz,
  passed_by_id uuid,
  appended_at timestamptz,
  unique (record, place)
);
create index release_stage_record on fold.release_stage (record, planned_at, id);

create table fold.plan_change (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  decision_id uuid not null,
  reason text,
  analyst_id uuid not null,
  analyst_assessment text,
  assessment text,
  plan text,
  target_at timestamptz,
  environment text collate "C",
  change_ids text[] collate "C",
  proposed_by_id uuid,
  proposed_at timestamptz not null,
  adopted_at timestamptz,
  refused_at timestamptz,
  appended_at timestamptz
);
create index plan_change_record on fold.plan_change (record, proposed_at, id);

-- The stages of kinds of releases.
create table fold.release_stage_set (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name_en text not null,
  name_zh text not null,
  stages jsonb not null,
  set_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index release_stage_set_set on fold.release_stage_set (set_at desc, id desc);

-- Deployments, by releases and by pipelines; from these follow how often, how fast and how well is deployed.
create table fold.deployment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  outcome text collate "C",
  service text collate "C",
  environment text collate "C" not null,
  pipeline text collate "C",
  run text collate "C",
  author_id uuid,
  team_id uuid,
  release_id uuid,
  change_ids text[] collate "C",
  revisions jsonb,
  started_at timestamptz not null,
  ended_at timestamptz,
  rolled_back_at timestamptz,
  reported_at timestamptz not null,
  appended_at timestamptz
) with (fillfactor = 85);
create index deployment_author on fold.deployment (author_id, started_at desc, id desc);
create index deployment_changed on fold.deployment (changed_at, id);
create index deployment_changes on fold.deployment using gin (change_ids) where change_ids is not null;
create index deployment_ended on fold.deployment (ended_at, id);
create index deployment_environment on fold.deployment (environment, started_at desc, id desc);
create index deployment_pipeline on fold.deployment (pipeline, started_at desc, id desc)
  where pipeline is not null;
create index deployment_release on fold.deployment (release_id) where release_id is not null;
-- A run of a pipeline is one deployment, however often it is reported.
create unique index deployment_run_key on fold.deployment (pipeline, run) where run is not null;
create index deployment_service on fold.deployment (service, started_at desc, id desc) where service is not null;
create index deployment_started on fold.deployment (started_at desc, id desc);
create index deployment_state on fold.deployment (state, started_at desc, id desc);
create index deployment_team on fold.deployment (team_id, started_at desc, id desc) where team_id is not null;

create table fold.deployment_cause (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  incident_id uuid not null,
  confirmed_by_id uuid,
  confirmed_at timestamptz not null,
  appended_at timestamptz
);
-- An incident is tied to one deployment, whoever else confirms another one at the same time.
create unique index deployment_cause_incident_key on fold.deployment_cause (incident_id);
create index deployment_cause_record on fold.deployment_cause (record, confirmed_at, id);
