-- What improvements have of a stage is in a table for each: a row of a record's part has its id.

create table fold.improvement_proposal (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  suggestion_ids text[] collate "C",
  assessment_id uuid,
  selection_reason text,
  freeze_exception_reason text,
  outside_plan_reason text,
  proposal_id uuid,
  proposed_at timestamp with time zone,
  submitted_at timestamp with time zone,
  decision_subject text collate "C",
  review_again_at timestamp with time zone,
  taken_up_at timestamp with time zone,
  what_changed text,
  size_criteria text[] collate "C",
  size_reason text,
  to_pilot boolean,
  classified_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_project (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  project_resources text,
  work_plan text,
  lacking text,
  implementation_plan text,
  implemented_what text,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_pilot (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  pilot_scope jsonb,
  pilot_control jsonb,
  pilot_begins_at timestamp with time zone,
  pilot_ends_at timestamp with time zone,
  pilot_length text collate "C",
  pilot_agreement text,
  data_gathering text,
  kicked_off_at timestamp with time zone,
  pilot_rounds integer,
  pilot_started_at timestamp with time zone,
  pilot_report_id uuid,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_judgement (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  asked_judgement text collate "C",
  asked_position bigint,
  asked_reason text,
  asked_told text,
  judgement_overdue_at timestamp with time zone,
  next_scope jsonb,
  next_control jsonb,
  next_begins_at timestamp with time zone,
  next_ends_at timestamp with time zone,
  first_judgement text collate "C",
  first_judged_at timestamp with time zone,
  last_judgement text collate "C",
  judged_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_rollout (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  rollout_advice text,
  rollout_scope text,
  rollout_departments text[] collate "C",
  rollout_contributions text,
  rollout_schedule text,
  rollout_told text,
  release_id uuid,
  rollout_goal text collate "C",
  rollout_planned_at timestamp with time zone,
  cutover_share integer,
  handover_id uuid,
  handover_asked_at timestamp with time zone,
  accepted_by_id uuid,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_evaluation (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  measured_occasion text collate "C",
  measured_position bigint,
  measured_at timestamp with time zone,
  goal_reached boolean,
  scope_reached boolean,
  benefit_reached boolean,
  reached boolean,
  against_evidence boolean,
  against_evidence_reason text,
  evaluation_comment text,
  evaluated_by_id uuid,
  agreed_by_id uuid,
  evaluated_at timestamp with time zone,
  appended_at timestamptz
) with (fillfactor = 85);

create table fold.improvement_outcome (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_numbers text[] collate "C",
  published_at timestamp with time zone,
  fixed_at timestamp with time zone,
  faded_at timestamp with time zone,
  revert_reason text,
  reverted_told text,
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
    }') else data end
$$;

-- The rows of before, from their events: the version and times of a part are those of the last event that set a field of it.
create temp table part_change on commit drop as
  select split_part(s.key, '/', 1) as kind, split_part(s.key, '/', 2)::uuid as id, s.value as fields,
         e.position, e.version, e.occurred_at, e.recorded_at
  from log.told e, jsonb_each(e.data->'set') as s
  where starts_with(e.stream, 'improvement/') and split_part(s.key, '/', 2) = split_part(e.stream, '/', 2)
    and starts_with(s.key, 'improvement_');

insert into fold.improvement_proposal
  select (jsonb_populate_record(null::fold.improvement_proposal, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_proposal' group by id;

insert into fold.improvement_project
  select (jsonb_populate_record(null::fold.improvement_project, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_project' group by id;

insert into fold.improvement_pilot
  select (jsonb_populate_record(null::fold.improvement_pilot, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_pilot' group by id;

insert into fold.improvement_judgement
  select (jsonb_populate_record(null::fold.improvement_judgement, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_judgement' group by id;

insert into fold.improvement_rollout
  select (jsonb_populate_record(null::fold.improvement_rollout, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_rollout' group by id;

insert into fold.improvement_evaluation
  select (jsonb_populate_record(null::fold.improvement_evaluation, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_evaluation' group by id;

insert into fold.improvement_outcome
  select (jsonb_populate_record(null::fold.improvement_outcome, log.merge(fields order by position) || jsonb_build_object(
    'id', id, 'version', max(version), 'changed_at', max(occurred_at), 'appended_at', max(recorded_at)))).*
  from part_change where kind = 'improvement_outcome' group by id;

drop table part_change;
alter table fold.improvement
  drop column suggestion_ids,
  drop column assessment_id,
  drop column selection_reason,
  drop column freeze_exception_reason,
  drop column outside_plan_reason,
  drop column proposal_id,
  drop column proposed_at,
  drop column submitted_at,
  drop column decision_subject,
  drop column review_again_at,
  drop column taken_up_at,
  drop column what_changed,
  drop column size_criteria,
  drop column size_reason,
  drop column to_pilot,
  drop column classified_at,
  drop column project_resources,
  drop column work_plan,
  drop column lacking,
  drop column implementation_plan,
  drop column implemented_what,
  drop column pilot_scope,
  drop column pilot_control,
  drop column pilot_begins_at,
  drop column pilot_ends_at,
  drop column pilot_length,
  drop column pilot_agreement,
  drop column data_gathering,
  drop column kicked_off_at,
  drop column pilot_rounds,
  drop column pilot_started_at,
  drop column pilot_report_id,
  drop column asked_judgement,
  drop column asked_position,
  drop column asked_reason,
  drop column asked_told,
  drop column judgement_overdue_at,
  drop column next_scope,
  drop column next_control,
  drop column next_begins_at,
  drop column next_ends_at,
  drop column first_judgement,
  drop column first_judged_at,
  drop column last_judgement,
  drop column judged_at,
  drop column rollout_advice,
  drop column rollout_scope,
  drop column rollout_departments,
  drop column rollout_contributions,
  drop column rollout_schedule,
  drop column rollout_told,
  drop column release_id,
  drop column rollout_goal,
  drop column rollout_planned_at,
  drop column cutover_share,
  drop column handover_id,
  drop column handover_asked_at,
  drop column accepted_by_id,
  drop column measured_occasion,
  drop column measured_position,
  drop column measured_at,
  drop column goal_reached,
  drop column scope_reached,
  drop column benefit_reached,
  drop column reached,
  drop column against_evidence,
  drop column against_evidence_reason,
  drop column evaluation_comment,
  drop column evaluated_by_id,
  drop column agreed_by_id,
  drop column evaluated_at,
  drop column document_numbers,
  drop column published_at,
  drop column fixed_at,
  drop column faded_at,
  drop column revert_reason,
  drop column reverted_told;
