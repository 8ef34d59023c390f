-- The trainings that requests record have their own name: the plain one is that of the trainings below.
alter table fold.training rename to request_training;
alter table fold.request_training rename constraint training_pkey to request_training_pkey;
alter index fold.training_record rename to request_training_record;
create or replace function log.upcast(type text, schema_version smallint, data jsonb) returns jsonb
language sql immutable parallel safe as $$
  select case when type = 'request.training_recorded'
    then replace(data::text, '"training/', '"request_training/')::jsonb else data end
$$;

-- Trainings of persons in the skills that a process needs.
create table fold.training (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text not null,
  year integer not null,
  kind text collate "C" not null,
  method text collate "C" not null,
  process text collate "C" not null,
  skills text[] collate "C" not null,
  material text collate "C",
  material_number text,
  team_ids text[] collate "C",
  everybody boolean not null,
  improvement_id uuid,
  pass_mark integer not null,
  topics text[] collate "C" not null,
  planner_id uuid,
  trainer_id uuid,
  participant_ids text[] collate "C" not null,
  failed_ids text[] collate "C",
  planned_at timestamptz not null,
  held_at timestamptz,
  examined_at timestamptz,
  licensed_at timestamptz,
  cancelled_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index training_changed on fold.training (changed_at, id);
create index training_planned on fold.training (planned_at desc, id desc);
create index training_state on fold.training (state, planned_at desc, id desc);
create index training_process on fold.training (process, planned_at desc, id desc);
create index training_kind on fold.training (kind, planned_at desc, id desc);
create index training_year on fold.training (year, planned_at desc, id desc);
create index training_improvement on fold.training (improvement_id, planned_at desc, id desc)
  where improvement_id is not null;
create index training_planner on fold.training (planner_id, planned_at desc, id desc);
create index training_trainer on fold.training (trainer_id, planned_at desc, id desc);
create index training_participants on fold.training using gin (participant_ids);

-- Who is to be trained, and lacks which skills.
create table fold.training_participant (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  missing_skills text[] collate "C" not null,
  attended boolean,
  added_at timestamptz not null,
  appended_at timestamptz
);
create index training_participant_record on fold.training_participant (record, added_at, id);
create index training_participant_person on fold.training_participant (person_id, record);

-- The marks of each participant's latest sitting.
create table fold.examination_result (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  marks jsonb not null,
  pass_mark integer not null,
  passed boolean not null,
  sitting integer not null,
  examiner_id uuid,
  examined_at timestamptz not null,
  appended_at timestamptz
);
create index examination_result_record on fold.examination_result (record, examined_at, id);

-- Who may carry out which process.
create table fold.licence (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  process text collate "C" not null,
  skills text[] collate "C" not null,
  licensed_at timestamptz not null,
  until_at timestamptz not null,
  revoked_at timestamptz,
  revoked_from_id uuid,
  revoked_by_id uuid,
  revocation_reason text collate "C",
  appended_at timestamptz
);
create index licence_record on fold.licence (record, licensed_at, id);
create index licence_person on fold.licence (person_id, process, until_at) where revoked_at is null;
