-- Agreements on service levels: SLA, OLA and UC of one shape, each edition a record.
create table fold.sla (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  agreement_type text collate "C" not null,
  title text not null,
  edition integer not null,
  replaces_id uuid,
  customer_id uuid,
  team_id uuid,
  supplier_id uuid,
  representative_id uuid,
  party_representative_id uuid,
  services text[] collate "C",
  catalogue_items text[] collate "C",
  needs text,
  business_process text,
  calendar text collate "C",
  valid_from text collate "C",
  valid_to text collate "C",
  notice_days integer,
  targets jsonb,
  rests_on text[] collate "C",
  reporting_period text collate "C",
  review_months integer,
  reopen_days integer,
  degraded_weight text collate "C",
  maintenance_counts boolean,
  cost_amount text collate "C",
  cost_currency text collate "C",
  cost_period text collate "C",
  consequences jsonb,
  workload jsonb,
  workload_above text,
  customer_duties text,
  security_boundary text,
  resources text,
  text text,
  specification text,
  quality_plan text,
  change_id uuid,
  pending_consents text[] collate "C",
  gap_reason text,
  effect_on_cost text,
  effect_on_workload text,
  termination_reason text,
  recorded_requirement_at timestamptz not null,
  drafted_at timestamptz,
  negotiated_at timestamptz,
  submitted_at timestamptz,
  signed_at timestamptz,
  last_reviewed_at timestamptz,
  review_due_at timestamptz,
  review_reminded_at timestamptz,
  review_overdue_at timestamptz,
  begins_at timestamptz,
  ends_at timestamptz,
  superseded_from text collate "C",
  superseded_at timestamptz,
  ended_at timestamptz,
  warned_days integer,
  appended_at timestamptz
) with (fillfactor = 85);
create index sla_changed on fold.sla (changed_at, id);
create index sla_recorded on fold.sla (recorded_requirement_at desc, id desc);
create index sla_state on fold.sla (state, recorded_requirement_at desc, id desc);
create index sla_party on fold.sla (agreement_type, coalesce(customer_id, team_id, supplier_id));
create index sla_customer on fold.sla (customer_id, recorded_requirement_at desc, id desc) where customer_id is not null;
create index sla_team on fold.sla (team_id, recorded_requirement_at desc, id desc) where team_id is not null;
create index sla_supplier on fold.sla (supplier_id, recorded_requirement_at desc, id desc) where supplier_id is not null;
create index sla_representative on fold.sla (representative_id, recorded_requirement_at desc, id desc);
create index sla_party_representative on fold.sla (party_representative_id, recorded_requirement_at desc, id desc);
create index sla_services on fold.sla using gin (services) where services is not null;
create index sla_catalogue_items on fold.sla using gin (catalogue_items) where catalogue_items is not null;
create index sla_replaces on fold.sla (replaces_id) where replaces_id is not null;
create index sla_review_due on fold.sla (review_due_at, id);
create index sla_review_overdue on fold.sla (review_overdue_at, id) where review_overdue_at is not null;
create index sla_ends on fold.sla (ends_at, id);
create index sla_signed on fold.sla (signed_at desc, id desc);

-- A consent of one side to a step, until the other side completes it or the text is changed.
create table fold.sla_consent (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  subject text collate "C" not null,
  side text collate "C" not null,
  given_by_id uuid,
  document text,
  signatory text,
  terms jsonb,
  complete boolean not null,
  consented_at timestamptz not null,
  appended_at timestamptz
);
create index sla_consent_record on fold.sla_consent (record, consented_at, id);

-- What is asked of the lead of each team beneath a signed agreement.
create table fold.sla_acknowledgement (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  team_id uuid not null,
  person_id uuid,
  acknowledged_by_id uuid,
  asked_at timestamptz not null,
  acknowledged_at timestamptz,
  appended_at timestamptz
);
create index sla_acknowledgement_person on fold.sla_acknowledgement (person_id);
create index sla_acknowledgement_record on fold.sla_acknowledgement (record, asked_at, id);

create table fold.sla_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  attended text[] collate "C",
  minutes text,
  results text,
  expectations text,
  meeting_id uuid,
  reviewed_at timestamptz not null,
  appended_at timestamptz
);
create index sla_review_record on fold.sla_review (record, reviewed_at, id);

-- What agreements in force promise of a service, shown in the catalogue.
alter table fold.service add column promises jsonb;

-- The yearly plan of agreements.
create table fold.service_level_plan (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text not null,
  year integer not null,
  owner_id uuid not null,
  drafted_at timestamptz not null,
  adopted_at timestamptz,
  adopted_by_id uuid,
  appended_at timestamptz
);
create index service_level_plan_year on fold.service_level_plan (year desc, id desc);
create index service_level_plan_changed on fold.service_level_plan (changed_at, id);
create index service_level_plan_owner on fold.service_level_plan (owner_id, year desc, id desc);
-- One plan of a year is adopted, whoever else adopts another one at the same time.
create unique index service_level_plan_adopted_key on fold.service_level_plan (year) where state = 'adopted';

create table fold.service_level_plan_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  service text collate "C" not null,
  agreement_type text collate "C" not null,
  customer_id uuid,
  person_id uuid,
  series_id uuid,
  planned_at timestamptz not null,
  appended_at timestamptz
);
create index service_level_plan_entry_record on fold.service_level_plan_entry (record, planned_at, id);
create index service_level_plan_entry_person on fold.service_level_plan_entry (person_id);
