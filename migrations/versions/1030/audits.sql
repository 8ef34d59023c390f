create table fold.audit (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null,
  state text collate "C" not null,
  month text collate "C" not null,
  team_id uuid not null,
  process text collate "C" not null,
  head_id uuid,
  runs integer,
  log_runs integer,
  log_irregular integer,
  log_position bigint,
  self_checked_by_id uuid,
  low_performers text,
  measures text,
  summarised_by_id uuid,
  summary text,
  incomplete_items text[] collate "C",
  late_days integer,
  self_check_due_at timestamptz not null,
  summary_due_at timestamptz not null,
  self_check_overdue_at timestamptz,
  summary_overdue_at timestamptz,
  opened_at timestamptz not null,
  submitted_at timestamptz,
  confirmed_at timestamptz,
  countersigned_at timestamptz,
  drawn_at timestamptz,
  concluded_at timestamptz,
  constraint audit_number_key unique (number),
  constraint audit_month_key unique (month, team_id, process)
);

create table fold.audit_draw (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  seed bigint not null,
  size integer not null,
  "position" bigint not null,
  process text collate "C" not null,
  team_id uuid not null,
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  population integer not null,
  drawn text[] collate "C" not null,
  irregular integer not null,
  incomplete_items text[] collate "C" not null,
  drawn_at timestamptz not null
);

create table fold.audit_irregularity (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  draw_id uuid not null,
  about text collate "C" not null,
  rule text collate "C" not null,
  "position" bigint not null,
  noted_at timestamptz not null
);

create table fold.audit_point (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  person_id uuid not null,
  part text collate "C" not null,
  basis text collate "C" not null,
  points integer not null,
  times integer not null,
  about text collate "C" not null,
  counted_at timestamptz not null,
  given_at timestamptz not null,
  withdrawn_at timestamptz
);

create table fold.finding (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null,
  state text collate "C" not null,
  title text collate "C" not null,
  kind text collate "C" not null,
  severity text collate "C" not null,
  process text collate "C" not null,
  team_id uuid not null,
  audit_id uuid,
  evidence text[] collate "C" not null,
  description text not null,
  self_found boolean not null,
  person_id uuid,
  supervisor_id uuid,
  head_id uuid,
  owner_id uuid not null,
  raiser_id uuid not null,
  auditor_id uuid,
  repeats_id uuid,
  objector_id uuid,
  objection text,
  verdict text collate "C",
  verdict_reason text,
  correction text,
  corrector_id uuid,
  verification text,
  due_at timestamptz not null,
  overdue_at timestamptz,
  raised_at timestamptz not null,
  objected_at timestamptz,
  objection_decided_at timestamptz,
  corrected_at timestamptz,
  verified_at timestamptz,
  withdrawn_at timestamptz,
  constraint finding_number_key unique (number)
);

create table fold.point_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  basis text collate "C" not null,
  person_points integer not null,
  supervisor_points integer not null,
  head_points integer not null,
  reason text,
  set_at timestamptz not null
);

create table fold.self_check_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  item text collate "C" not null,
  text text not null,
  about text collate "C",
  fault text collate "C",
  noted_at timestamptz not null
);

create index audit_opened on fold.audit (opened_at desc, id desc);
create index audit_month on fold.audit (month desc, id desc);
create index audit_changed on fold.audit (changed_at, id);
create index audit_head on fold.audit (head_id, opened_at desc, id desc);
create index audit_process on fold.audit (process, opened_at desc, id desc);
create index audit_state on fold.audit (state, opened_at desc, id desc);
create index audit_team on fold.audit (team_id, opened_at desc, id desc);
create index self_check_entry_record on fold.self_check_entry (record, noted_at, id);
create index audit_draw_record on fold.audit_draw (record, drawn_at, id);
create index audit_irregularity_record on fold.audit_irregularity (record, noted_at, id);
create index finding_raised on fold.finding (raised_at desc, id desc);
create index finding_due on fold.finding (due_at desc, id desc);
create index finding_team on fold.finding (team_id, process, kind, raised_at desc, id desc);
create index finding_state on fold.finding (state, raised_at desc, id desc);
create index finding_person on fold.finding (person_id, raised_at desc, id desc);
create index finding_supervisor on fold.finding (supervisor_id, raised_at desc, id desc);
create index finding_head on fold.finding (head_id, raised_at desc, id desc);
create index finding_owner on fold.finding (owner_id, raised_at desc, id desc);
create index finding_raiser on fold.finding (raiser_id, raised_at desc, id desc);
create index finding_auditor on fold.finding (auditor_id, raised_at desc, id desc);
create index finding_audit on fold.finding (audit_id, raised_at desc, id desc);
create index audit_point_person on fold.audit_point (person_id, counted_at desc, id desc);
create index audit_point_counted on fold.audit_point (counted_at desc, id desc);
create index audit_point_about on fold.audit_point (about);
create index point_rule_set on fold.point_rule (set_at desc, id desc);
create index point_rule_basis on fold.point_rule (basis);
