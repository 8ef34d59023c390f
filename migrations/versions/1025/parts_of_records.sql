-- What changes, requests and agreements have of a step is in a table for each: a row of a record's part has its id.

create table fold.change_plans (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  no_cis_reason text,
  plan text,
  test_plan text,
  back_out_plan text,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.change_assessment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  questionnaire_id uuid,
  risk_answers jsonb,
  risk_score integer,
  effects text,
  resources text,
  conflicts_found text[] collate "C",
  assessed_by_id uuid,
  cannot_wait text,
  approval_requested_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.change_implementation (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  out_of_window_reason text,
  started_by_voter boolean,
  work_done text,
  tests_run text,
  deviations text,
  back_out_reason text,
  service_restored_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.change_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  reviewer_id uuid,
  first_pass_reason text,
  goals_met text,
  caused_incident_ids text[] collate "C",
  lessons text,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.request_solution_approval (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  it_approved_by_id uuid,
  business_approved_by_id uuid,
  sent_back_at timestamp with time zone,
  solution_approved_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.sla_reasons (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  gap_reason text,
  effect_on_cost text,
  effect_on_workload text,
  termination_reason text,
  appended_at timestamptz
) with (fillfactor = 85);

-- In Python: app/log/upcasting.py.
create or replace function log.upcast(type text, schema_version smallint, data jsonb) returns jsonb
language sql immutable parallel safe as $$
  select case
    when type = 'request.training_recorded' then replace(data::text, '"training/', '"request_training/')::jsonb
    when schema_version = 1 and starts_with(type, 'improvement.') then log.move_fields(data, 'improvement', '{
      "improvement_proposal": ["suggestion_ids", "assessment_id", "selection_reason", "freeze_exception_reason", "outside_plan_reason", "proposal_id", "proposed_at", "submitted_at", "decision_subject", "review_again_at", "taken_up_at", "what_changed", "size_criteria", "size_reason", "to_pilot", "classified_at"],
      "improvement_project": ["project_resources", "work_plan", "lacking", "implementation_plan", "implemented_what"],
      "improvement_pilot": ["pilot_scope", "pilot_control", "pilot_begins_at", "pilot_ends_at", "pilot_length", "pilot_agreement", "data_gathering", "kicked_off_at", "pilot_rounds", "pilot_started_at", "pilot_report_id"],
      "improvement_judgement": ["asked_judgement", "asked_position", "asked_reason", "asked_told", "judgement_overdue_at", "next_scope", "next_control", "next_begins_at", "next_ends_at", "first_judgement", "first_judged_at", "last_judgement", "judged_at"],
      "improvement_rollout": ["rollout_advice", "rollout_scope", "rollout_departments", "rollout_contributions", "rollout_schedule", "rollout_told", "release_id", "rollout_goal", "rollout_planned_at", "cutover_share", "handover_id", "handover_asked_at", "accepted_by_id"],
      "improvement_evaluation": ["measured_occasion", "measured_position", "measured_at", "goal_reached", "scope_reached", "benefit_reached", "reached", "against_evidence", "against_evidence_reason", "evaluation_comment", "evaluated_by_id", "agreed_by_id", "evaluated_at"],
      "improvement_outcome": ["document_numbers", "published_at", "fixed_at", "faded_at", "revert_reason", "reverted_told"]
    }')
    when schema_version = 1 and starts_with(type, 'change.') then log.move_fields(data, 'change', '{
      "change_plans": ["no_cis_reason", "plan", "test_plan", "back_out_plan"],
      "change_assessment": ["questionnaire_id", "risk_answers", "risk_score", "effects", "resources", "conflicts_found", "assessed_by_id", "cannot_wait", "approval_requested_at"],
      "change_implementation": ["out_of_window_reason", "started_by_voter", "work_done", "tests_run", "deviations", "back_out_reason", "service_restored_at"],
      "change_review": ["reviewer_id", "first_pass_reason", "goals_met", "caused_incident_ids", "lessons"]
    }')
    when schema_version = 1 and starts_with(type, 'request.') then log.move_fields(data, 'request', '{
      "request_solution_approval": ["it_approved_by_id", "business_approved_by_id", "sent_back_at", "solution_approved_at"]
    }')
    when schema_version = 1 and starts_with(type, 'sla.') then log.move_fields(data, 'sla', '{
      "sla_reasons": ["gap_reason", "effect_on_cost", "effect_on_workload", "termination_reason"]
    }')
    else data end
$$;


-- The rows of before, from their events: the version and times of a part are those of the last event that set a field of it.
create temp table part_change on commit drop as
  select split_part(s.key, '/', 1) as kind, split_part(s.key, '/', 2)::uuid as id, s.value as fields,
         e.position, e.version, e.occurred_at, e.recorded_at
  from log.told e, jsonb_each(e.data->'set') as s
  where (starts_with(e.stream, 'change/') or starts_with(e.stream, 'request/') or starts_with(e.stream, 'sla/'))
    and split_part(s.key, '/', 2) = split_part(e.stream, '/', 2)
    and split_part(s.key, '/', 1) in ('change_plans', 'change_assessment', 'change_implementation', 'change_review', 'request_solution_approval', 'sla_reasons');

insert into fold.change_plans
  select (jsonb_populate_record(null::fold.change_plans, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'change_plans' group by id;

insert into fold.change_assessment
  select (jsonb_populate_record(null::fold.change_assessment, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'change_assessment' group by id;

insert into fold.change_implementation
  select (jsonb_populate_record(null::fold.change_implementation, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'change_implementation' group by id;

insert into fold.change_review
  select (jsonb_populate_record(null::fold.change_review, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'change_review' group by id;

insert into fold.request_solution_approval
  select (jsonb_populate_record(null::fold.request_solution_approval, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'request_solution_approval' group by id;

insert into fold.sla_reasons
  select (jsonb_populate_record(null::fold.sla_reasons, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'sla_reasons' group by id;

drop table part_change;
alter table fold.change
  drop column no_cis_reason,
  drop column plan,
  drop column test_plan,
  drop column back_out_plan,
  drop column questionnaire_id,
  drop column risk_answers,
  drop column risk_score,
  drop column effects,
  drop column resources,
  drop column conflicts_found,
  drop column assessed_by_id,
  drop column cannot_wait,
  drop column approval_requested_at,
  drop column out_of_window_reason,
  drop column started_by_voter,
  drop column work_done,
  drop column tests_run,
  drop column deviations,
  drop column back_out_reason,
  drop column service_restored_at,
  drop column reviewer_id,
  drop column first_pass_reason,
  drop column goals_met,
  drop column caused_incident_ids,
  drop column lessons;
alter table fold.request
  drop column it_approved_by_id,
  drop column business_approved_by_id,
  drop column sent_back_at,
  drop column solution_approved_at;
alter table fold.sla
  drop column gap_reason,
  drop column effect_on_cost,
  drop column effect_on_workload,
  drop column termination_reason;
