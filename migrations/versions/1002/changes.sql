-- Changes: what was asked for, decided, scheduled, done and learnt.
create table fold.change (
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
  type text collate "C",
  template text collate "C",
  request_id uuid,
  reason text,
  description text,
  service text collate "C",
  services text[] collate "C",
  ci_ids text[] collate "C",
  category text collate "C",
  plan text,
  test_plan text,
  back_out_plan text,
  wanted_from_at timestamptz,
  wanted_until_at timestamptz,
  reported_by_id uuid,
  submitted_at timestamptz,
  questionnaire_id uuid,
  risk_answers jsonb,
  risk_score integer,
  risk_level text collate "C",
  effects text,
  resources text,
  conflicts_found text[] collate "C",
  assessed_at timestamptz,
  assessed_by_id uuid,
  approval_id uuid,
  cannot_wait text,
  approval_requested_at timestamptz,
  approved_at timestamptz,
  rejected_at timestamptz,
  deferred_at timestamptz,
  deferral_reason text collate "C",
  ci_classes text[] collate "C",
  needed_ci_ids text[] collate "C",
  window_from_at timestamptz,
  window_until_at timestamptz,
  scheduled_at timestamptz,
  booked_from_at timestamptz,
  booked_until_at timestamptz,
  overrides text[] collate "C",
  override_reason text,
  started_at timestamptz,
  out_of_window_reason text,
  implementer_ids text[] collate "C",
  implemented_at timestamptz,
  work_done text,
  tests_run text,
  deviations text,
  backed_out_at timestamptz,
  back_out_reason text,
  service_restored_at timestamptz,
  review_due_at timestamptz,
  review_overdue_at timestamptz,
  reviewed_at timestamptz,
  reviewer_id uuid,
  outcome text collate "C",
  first_pass boolean,
  first_pass_reason text,
  goals_met text,
  caused_incident_ids text[] collate "C",
  lessons text,
  closed_at timestamptz,
  cancelled_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index change_assignee on fold.change (assignee_id, opened_at desc, id desc);
create index change_category on fold.change (category, opened_at desc, id desc) where category is not null;
create index change_changed on fold.change (changed_at, id);
create index change_ci on fold.change using gin (ci_ids) where ci_ids is not null;
create index change_closed on fold.change (closed_at, id);
create index change_custom on fold.change using gin (custom jsonb_path_ops) where custom is not null;
create index change_custom_for_staff on fold.change using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index change_implemented on fold.change (implemented_at, id);
-- What is open and somebody's, or a team's.
create index change_open_assignee on fold.change (assignee_id, opened_at desc, id desc)
  where state not in ('closed', 'rejected', 'cancelled');
create index change_open_team on fold.change (team_id, opened_at desc, id desc) include (assignee_id)
  where state not in ('closed', 'rejected', 'cancelled');
create index change_opened on fold.change (opened_at desc, id desc);
create index change_outcome on fold.change (outcome, opened_at desc, id desc) where outcome is not null;
create index change_priority on fold.change (priority, id);
create index change_reported_by on fold.change (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index change_request on fold.change (request_id) where request_id is not null;
create index change_requester on fold.change (requester_id, opened_at desc, id desc);
create index change_review_due on fold.change (review_due_at, id);
create index change_review_overdue on fold.change (review_overdue_at, id) where review_overdue_at is not null;
create index change_risk on fold.change (risk_level, opened_at desc, id desc) where risk_level is not null;
create index change_service on fold.change (service, opened_at desc, id desc) where service is not null;
create index change_services on fold.change using gin (services) where services is not null;
-- What is shown beside a service: the changes that were made not long ago.
create index change_started on fold.change (started_at, id) where started_at is not null;
create index change_state on fold.change (state, opened_at desc, id desc);
create index change_state_since on fold.change (state_since, id);
create index change_submitted on fold.change (submitted_at, id);
create index change_team on fold.change (team_id, opened_at desc, id desc);
create index change_of_template on fold.change (template, opened_at desc, id desc) where template is not null;
create index change_type on fold.change (type, opened_at desc, id desc);
-- The calendar shows what has a window, by its begin.
create index change_window on fold.change (window_from_at, id);

-- Standard changes that were approved once for all.
create table fold.change_template (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  title text,
  description text,
  services text[] collate "C",
  plan text,
  test_plan text,
  back_out_plan text,
  risk_level text collate "C",
  team_id uuid,
  author_id uuid,
  drafted_at timestamptz,
  approved_at timestamptz,
  approved_by_id uuid,
  retired_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index change_template_changed on fold.change_template (changed_at, id);
create unique index change_template_key_key on fold.change_template (key);
create index change_template_state on fold.change_template (state, key, id);

-- The questions about the risk of a change.
create table fold.risk_questionnaire (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  questions jsonb,
  medium_from integer,
  high_from integer,
  set_at timestamptz,
  appended_at timestamptz
);
-- The one that was set last is in force.
create index risk_questionnaire_set on fold.risk_questionnaire (set_at desc, id desc);
create index risk_questionnaire_changed on fold.risk_questionnaire (changed_at, id);

-- Periods without changes, and exceptions from them.
create table fold.freeze (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  freeze_kind text collate "C",
  title text,
  reason text,
  from_at timestamptz not null,
  until_at timestamptz not null,
  everything boolean,
  services text[] collate "C",
  ci_classes text[] collate "C",
  hit_change_ids text[] collate "C",
  owner_id uuid,
  declared_at timestamptz,
  withdrawn_at timestamptz,
  appended_at timestamptz
);
create index freeze_changed on fold.freeze (changed_at, id);
create index freeze_from on fold.freeze (from_at, id);
create index freeze_state on fold.freeze (state, from_at, id);
create index freeze_until on fold.freeze (until_at, id);

create table fold.freeze_exception (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  change_id uuid not null,
  decision_id uuid,
  reason text,
  asked_by_id uuid,
  asked_at timestamptz not null,
  granted_at timestamptz,
  refused_at timestamptz,
  appended_at timestamptz
);

create index freeze_exception_record on fold.freeze_exception (record, asked_at, id);
create index freeze_exception_change on fold.freeze_exception (change_id);
