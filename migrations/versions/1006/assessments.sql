-- Monthly assessments of suggestions, their assessors, what is assessed, and the scores.
create table fold.improvement_assessment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  month text collate "C" not null,
  plan_id uuid,
  weights jsonb not null,
  opened_at timestamptz not null,
  opened_by_id uuid,
  concluded_at timestamptz,
  concluded_by_id uuid,
  appended_at timestamptz,
  constraint improvement_assessment_month_key unique (month)
);
create index improvement_assessment_opened on fold.improvement_assessment (opened_at desc, id desc);
create index improvement_assessment_changed on fold.improvement_assessment (changed_at, id);

create table fold.assessor (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  asked_at timestamptz not null,
  appended_at timestamptz
);
create index assessor_record on fold.assessor (record, asked_at, id);
create index assessor_person on fold.assessor (person_id);

create table fold.assessed_suggestion (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  suggestion_id uuid not null,
  number text collate "C" not null,
  title text not null,
  taken_at timestamptz not null,
  verdict text collate "C",
  reason text,
  until_at timestamptz,
  improvement_id uuid,
  appended_at timestamptz
);
create index assessed_suggestion_record on fold.assessed_suggestion (record, taken_at, id);
create index assessed_suggestion_suggestion on fold.assessed_suggestion (suggestion_id);

create table fold.suggestion_score (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  suggestion_id uuid not null,
  person_id uuid not null,
  scores jsonb not null,
  comment text,
  scored_at timestamptz not null,
  appended_at timestamptz
);
create index suggestion_score_record on fold.suggestion_score (record, scored_at, id);
-- Each assessor scores each suggestion once; scoring again replaces it.
create unique index suggestion_score_key on fold.suggestion_score (record, suggestion_id, person_id);
create index suggestion_score_person on fold.suggestion_score (person_id);
