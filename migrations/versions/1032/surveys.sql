create table fold.survey (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null,
  state text collate "C" not null,
  title text collate "C" not null,
  title_zh text collate "C" not null,
  series text collate "C",
  anonymous boolean not null,
  person_ids text[] collate "C",
  team_ids text[] collate "C",
  everybody boolean not null,
  sample_size integer,
  seed integer not null,
  compare_with_id uuid,
  planner_id uuid,
  population integer,
  invited integer,
  answered integer,
  opens_at timestamptz not null,
  remind_at timestamptz,
  ends_at timestamptz not null,
  planned_at timestamptz not null,
  started_at timestamptz,
  reminded_at timestamptz,
  ended_at timestamptz,
  published_at timestamptz,
  cancelled_at timestamptz
);
create table fold.survey_answer (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  question text collate "C" not null,
  team_id uuid,
  score integer,
  choice integer,
  text text,
  entered_at timestamptz not null,
  taken_up text collate "C",
  taken_up_at timestamptz
);
create table fold.survey_draw (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  seed integer not null,
  size integer not null,
  population_ids text[] collate "C" not null,
  drawn_at timestamptz not null
);
create table fold.survey_figure (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  question text collate "C" not null,
  team_id uuid,
  answers integer not null,
  mean text collate "C",
  counts jsonb,
  mean_before text collate "C",
  answers_before integer,
  published_at timestamptz not null
);
create table fold.survey_participant (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  person_id uuid not null,
  team_id uuid,
  invited_at timestamptz not null
);
create table fold.survey_question (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  key text collate "C" not null,
  kind text collate "C" not null,
  text text collate "C" not null,
  text_zh text collate "C" not null,
  choices text[] collate "C",
  choices_zh text[] collate "C",
  mandatory boolean not null,
  place integer not null,
  asked_at timestamptz not null
);
create table fold.survey_response (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  survey_id uuid not null,
  person_id uuid not null,
  team_id uuid,
  given_at timestamptz not null
);
create table fold.survey_result (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  survey_id uuid not null,
  key_id uuid not null,
  answered integer not null,
  withheld integer not null,
  collected_at timestamptz not null
);
create index survey_planned on fold.survey (planned_at desc, id desc);
create index survey_answer_record on fold.survey_answer (record, entered_at, id);
create index survey_draw_record on fold.survey_draw (record, drawn_at, id);
create index survey_figure_record on fold.survey_figure (record, published_at, id);
create index survey_participant_record on fold.survey_participant (record, invited_at, id);
create index survey_participant_person on fold.survey_participant (person_id);
create index survey_question_record on fold.survey_question (record, place);
create index survey_response_given on fold.survey_response (given_at desc, id desc);
create unique index survey_response_person_key on fold.survey_response (survey_id, person_id);
create index survey_result_collected on fold.survey_result (collected_at desc, id desc);
create unique index survey_result_survey_key on fold.survey_result (survey_id);
create table content.survey_box (
  id uuid primary key,
  wrapped_key bytea not null,
  sealed bytea not null
);
create table content.survey_token (
  hash bytea primary key,
  survey_id uuid not null references content.survey_box (id) on delete cascade,
  team_id uuid,
  person_id uuid,
  used boolean not null
);
create index survey_token_survey on content.survey_token (survey_id);
