-- Improvements: projects that improve a process, or the department.
create table fold.improvement (
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
  scope text collate "C",
  process text collate "C",
  aspect text collate "C",
  suggestion_ids text[] collate "C",
  proposer_ids text[] collate "C",
  reported_by_id uuid,
  assessment_id uuid,
  selection_reason text,
  freeze_exception text collate "C",
  freeze_exception_reason text,
  plan_id uuid,
  plan_target text collate "C",
  outside_plan_reason text,
  proposal_id uuid,
  proposed_by_id uuid,
  proposed_at timestamptz,
  planned_cost text collate "C",
  currency text collate "C",
  submitted_at timestamptz,
  decision_id uuid,
  decision_subject text collate "C",
  approved_at timestamptz,
  rejected_at timestamptz,
  review_again_at timestamptz,
  deferred_until_at timestamptz,
  deferral_reason text collate "C",
  taken_up_at timestamptz,
  what_changed text,
  size text collate "C",
  improvement_kind text collate "C",
  size_criteria text[] collate "C",
  to_pilot boolean,
  classified_at timestamptz,
  implementation_plan text,
  implementation_begun_at timestamptz,
  implemented_what text,
  implemented_at timestamptz,
  measured_occasion text collate "C",
  measured_position bigint,
  measured_at timestamptz,
  judged_position bigint,
  goal_reached boolean,
  scope_reached boolean,
  benefit_reached boolean,
  reached boolean,
  against_evidence boolean,
  against_evidence_reason text,
  evaluation_comment text,
  evaluated_by_id uuid,
  evaluated_at timestamptz,
  sponsor_id uuid,
  project_manager_id uuid,
  budget text collate "C",
  project_resources text,
  chartered_at timestamptz,
  work_plan text,
  planned_at timestamptz,
  report_every_days integer,
  next_report_due_at timestamptz,
  report_overdue_at timestamptz,
  expected_at timestamptz,
  lacking text,
  plan_approved_at timestamptz,
  pilot_scope jsonb,
  pilot_control jsonb,
  pilot_begins_at timestamptz,
  pilot_ends_at timestamptz,
  pilot_length text collate "C",
  pilot_agreement text,
  data_gathering text,
  executor_id uuid,
  pilot_rounds integer,
  pilot_started_at timestamptz,
  pilot_report_id uuid,
  pilot_reported_at timestamptz,
  asked_judgement text collate "C",
  asked_position bigint,
  asked_reason text,
  asked_told text,
  judgement_overdue_at timestamptz,
  next_scope jsonb,
  next_control jsonb,
  next_begins_at timestamptz,
  next_ends_at timestamptz,
  first_judgement text collate "C",
  first_judged_at timestamptz,
  last_judgement text collate "C",
  judged_at timestamptz,
  rollout_advice text,
  rollout_scope text,
  rollout_departments text[] collate "C",
  rollout_contributions text,
  rollout_schedule text,
  rollout_told text,
  release_id uuid,
  rollout_goal text collate "C",
  rollout_planned_at timestamptz,
  process_owner_id uuid,
  cutover_share integer,
  cutover_at timestamptz,
  handover_id uuid,
  handover_asked_at timestamptz,
  accepted_by_id uuid,
  handed_over_at timestamptz,
  document_numbers text[] collate "C",
  told_team_ids text[] collate "C",
  published_at timestamptz,
  standardised_at timestamptz,
  optimised_at timestamptz,
  fixed_at timestamptz,
  next_benefit_due_at timestamptz,
  benefit_months integer,
  faded_at timestamptz,
  revert_reason text,
  reverted_told text,
  reverted_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index improvement_assignee on fold.improvement (assignee_id, opened_at desc, id desc);
create index improvement_changed on fold.improvement (changed_at, id);
create index improvement_cut_over on fold.improvement (process, cutover_at) where cutover_at is not null and optimised_at is null and reverted_at is null;
create index improvement_executor on fold.improvement (executor_id, opened_at desc, id desc) where executor_id is not null;
create index improvement_kind on fold.improvement (improvement_kind, opened_at desc, id desc);
create index improvement_next_benefit on fold.improvement (next_benefit_due_at, id) where next_benefit_due_at is not null;
create index improvement_next_report on fold.improvement (next_report_due_at, id) where next_report_due_at is not null;
create index improvement_open_assignee on fold.improvement (assignee_id, opened_at desc, id desc)
  where state not in ('standardised', 'rejected', 'reverted');
create index improvement_open_team on fold.improvement (team_id, opened_at desc, id desc) include (assignee_id)
  where state not in ('standardised', 'rejected', 'reverted');
create index improvement_opened on fold.improvement (opened_at desc, id desc);
create index improvement_priority on fold.improvement (priority, id);
create index improvement_process on fold.improvement (process, opened_at desc, id desc);
create index improvement_process_owner on fold.improvement (process_owner_id, opened_at desc, id desc) where process_owner_id is not null;
create index improvement_project_manager on fold.improvement (project_manager_id, opened_at desc, id desc) where project_manager_id is not null;
create index improvement_reported_by on fold.improvement (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index improvement_requester on fold.improvement (requester_id, opened_at desc, id desc);
create index improvement_scope on fold.improvement (scope, opened_at desc, id desc);
create index improvement_served_plan on fold.improvement (plan_id, opened_at desc, id desc) where plan_id is not null;
create index improvement_size on fold.improvement (size, opened_at desc, id desc);
create index improvement_sponsor on fold.improvement (sponsor_id, opened_at desc, id desc) where sponsor_id is not null;
create index improvement_standardised on fold.improvement (standardised_at, id);
create index improvement_state on fold.improvement (state, opened_at desc, id desc);
create index improvement_state_since on fold.improvement (state_since, id);
create index improvement_team on fold.improvement (team_id, opened_at desc, id desc);
create index improvement_custom on fold.improvement using gin (custom jsonb_path_ops) where custom is not null;
create index improvement_custom_for_staff on fold.improvement using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;

-- The target KPIs of improvements, with the changes that are promised.
create table fold.improvement_target (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  name text collate "C",
  kpi text collate "C",
  promised text collate "C",
  promised_as text collate "C",
  judged_by text,
  pilot_promised text collate "C",
  pilot_promised_as text collate "C",
  added_at timestamptz not null,
  dropped_at timestamptz,
  appended_at timestamptz
);
create index improvement_target_record on fold.improvement_target (record, added_at, id);

-- The measured effects of improvements on their target KPIs.
create table fold.improvement_measurement (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  occasion text collate "C",
  pilot_round integer,
  target text collate "C",
  kpi text collate "C",
  effect_id uuid,
  verdict text collate "C",
  promise text collate "C",
  effect text collate "C",
  promised_effect text collate "C",
  kept boolean,
  position bigint,
  measured_at timestamptz not null,
  appended_at timestamptz
);
create index improvement_measurement_record on fold.improvement_measurement (record, measured_at, id);

-- The teams of improvement projects.
create table fold.improvement_member (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid,
  added_at timestamptz not null,
  appended_at timestamptz
);
create index improvement_member_record on fold.improvement_member (record, added_at, id);

-- What was ready when the rounds of pilots were started.
create table fold.pilot_readiness (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  pilot_round integer,
  kicked_off_at timestamptz,
  told text,
  key_user_training_id uuid,
  executor_training_id uuid,
  duties text,
  standards text[] collate "C",
  started_at timestamptz not null,
  appended_at timestamptz
);
create index pilot_readiness_record on fold.pilot_readiness (record, started_at, id);

-- The issues that pilots have met, and how they were solved.
create table fold.pilot_issue (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text,
  text text,
  solution text,
  pilot_round integer,
  logged_by_id uuid,
  logged_at timestamptz not null,
  solved_by_id uuid,
  solved_at timestamptz,
  appended_at timestamptz
);
create index pilot_issue_record on fold.pilot_issue (record, logged_at, id);

-- Feedback on pilots, for or against them.
create table fold.pilot_feedback (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid,
  stance text collate "C",
  text text,
  pilot_round integer,
  logged_by_id uuid,
  logged_at timestamptz not null,
  appended_at timestamptz
);
create index pilot_feedback_record on fold.pilot_feedback (record, logged_at, id);

-- The steps of rollouts, with owners, due dates and evidence.
create table fold.rollout_step (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  step text collate "C",
  place integer,
  owner_id uuid,
  due_at timestamptz,
  overdue_at timestamptz,
  evidence text,
  evidence_numbers text[] collate "C",
  training_id uuid,
  effective_at timestamptz,
  went_well text,
  order_reason text,
  order_skipped_by_id uuid,
  planned_at timestamptz not null,
  completed_by_id uuid,
  completed_at timestamptz,
  appended_at timestamptz
);
create index rollout_step_record on fold.rollout_step (record, planned_at, id);

-- How people were told of improvements.
create table fold.rollout_announcement (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  step text collate "C",
  medium text,
  announced_at timestamptz,
  reach integer,
  recorded_by_id uuid,
  noted_at timestamptz not null,
  appended_at timestamptz
);
create index rollout_announcement_record on fold.rollout_announcement (record, noted_at, id);
