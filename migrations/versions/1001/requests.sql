-- What people ask for, and what stands beside it. The lists are those of incidents, by the same indexes.
create table fold.request (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  title text,
  description text,
  channel text collate "C",
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  path text collate "C",
  service text collate "C",
  ci text collate "C",
  category text collate "C",
  requester_id uuid,
  reported_by_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  opened_at timestamptz not null,
  assessed_at timestamptz,
  started_at timestamptz,
  held_from text collate "C",
  hold_reason text collate "C",
  wake_up_at timestamptz,
  acceptance_group_id uuid,
  requirements_confirmed_at timestamptz,
  solution_id uuid,
  solution_author_id uuid,
  it_approved_by_id uuid,
  business_approved_by_id uuid,
  sent_back_at timestamptz,
  solution_approved_at timestamptz,
  doer_ids text[] collate "C",
  planned_cost text collate "C",
  currency text collate "C",
  planned_at timestamptz,
  first_planned_at timestamptz,
  expected_at timestamptz,
  report_every_days integer,
  next_report_due_at timestamptz,
  acceptance_wanted_at timestamptz,
  verdict text collate "C",
  rounds integer,
  delivered_at timestamptz,
  delivery text,
  closed_at timestamptz,
  cancelled_at timestamptz,
  rejected_at timestamptz,
  custom jsonb,
  custom_for_staff jsonb,
  item text collate "C",
  answers text,
  target_seconds integer,
  approval_id uuid,
  approved_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index request_assignee on fold.request (assignee_id, opened_at desc, id desc);
create index request_category on fold.request (category, opened_at desc, id desc) where category is not null;
create index request_changed on fold.request (changed_at, id);
create index request_ci on fold.request (ci, opened_at desc, id desc) where ci is not null;
create index request_closed on fold.request (closed_at, id);
-- Tickets without values cost nothing here.
create index request_custom on fold.request using gin (custom jsonb_path_ops) where custom is not null;
create index request_custom_for_staff on fold.request using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index request_customer on fold.request (customer_id, opened_at desc, id desc) where customer_id is not null;
create index request_delivered on fold.request (delivered_at, id);
create index request_hold_reason on fold.request (hold_reason, opened_at desc, id desc) where hold_reason is not null;
create index request_item on fold.request (item, opened_at desc, id desc) where item is not null;
create index request_open_assignee on fold.request (assignee_id, opened_at desc, id desc)
  where state in ('submitted', 'awaiting_approval', 'assessed', 'in_progress', 'analysing', 'requirements_confirmed',
    'solution_review', 'revising', 'solution_approved', 'implementing', 'in_acceptance', 'rectifying', 'on_hold');
create index request_open_team on fold.request (team_id, opened_at desc, id desc) include (assignee_id)
  where state in ('submitted', 'awaiting_approval', 'assessed', 'in_progress', 'analysing', 'requirements_confirmed',
    'solution_review', 'revising', 'solution_approved', 'implementing', 'in_acceptance', 'rectifying', 'on_hold');
create index request_opened on fold.request (opened_at desc, id desc);
create index request_planned on fold.request (planned_at, id);
create index request_priority on fold.request (priority, id);
create index request_report_due on fold.request (next_report_due_at, id);
create index request_reported_by on fold.request (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index request_requester on fold.request (requester_id, opened_at desc, id desc);
create index request_service on fold.request (service, opened_at desc, id desc);
create index request_state on fold.request (state, opened_at desc, id desc);
create index request_state_since on fold.request (state_since, id);
create index request_team on fold.request (team_id, opened_at desc, id desc);
create index request_team_state on fold.request (team_id, state, opened_at desc, id desc);

create table fold.criterion (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  place integer not null,
  text text not null,
  shown_by text collate "C" not null,
  added_at timestamptz not null,
  dropped_at timestamptz,
  appended_at timestamptz
);
create index criterion_record on fold.criterion (record, added_at, id);

create table fold.solution_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  edition integer not null,
  side text collate "C" not null,
  reviewer_id uuid,
  verdict text collate "C" not null,
  feasibility text collate "C" not null,
  business_fit text collate "C" not null,
  cost_and_benefit text collate "C" not null,
  comment text,
  reviewed_at timestamptz not null,
  appended_at timestamptz
);
create index solution_review_record on fold.solution_review (record, reviewed_at, id);

create table fold.milestone (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text not null,
  due_at timestamptz not null,
  done integer not null,
  added_at timestamptz not null,
  completed_at timestamptz,
  dropped_at timestamptz,
  appended_at timestamptz
);
create index milestone_record on fold.milestone (record, added_at, id);

create table fold.progress_report (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  text text,
  expected_at timestamptz not null,
  cost_to_date text collate "C",
  planned_cost text collate "C",
  currency text collate "C",
  due_at timestamptz,
  late boolean not null,
  author_id uuid,
  reported_at timestamptz not null,
  appended_at timestamptz
);
create index progress_report_record on fold.progress_report (record, reported_at, id);

create table fold.quality_check (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_id uuid not null,
  checkpoint text not null,
  passed boolean not null,
  checker_id uuid,
  checked_at timestamptz not null,
  dropped_at timestamptz,
  appended_at timestamptz
);
create index quality_check_record on fold.quality_check (record, checked_at, id);

create table fold.acceptance (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_id uuid not null,
  round integer not null,
  verdict text collate "C" not null,
  participant_ids text[] collate "C" not null,
  recorded_by_id uuid,
  recorded_at timestamptz not null,
  appended_at timestamptz
);
create index acceptance_record on fold.acceptance (record, recorded_at, id);

create table fold.criterion_result (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  acceptance_id uuid not null,
  criterion_id uuid not null,
  shown_by text collate "C" not null,
  passed boolean not null,
  note text,
  recorded_at timestamptz not null,
  appended_at timestamptz
);
create index criterion_result_record on fold.criterion_result (record, recorded_at, id);

create table fold.training (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_id uuid not null,
  attended integer not null,
  held_at timestamptz not null,
  recorded_at timestamptz not null,
  appended_at timestamptz
);
create index training_record on fold.training (record, recorded_at, id);
