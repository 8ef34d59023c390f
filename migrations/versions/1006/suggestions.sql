-- Suggestions for improvements, their proposers and evidence.
create table fold.improvement_suggestion (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  title text not null,
  scope text collate "C" not null,
  process text collate "C",
  aspect text collate "C" not null,
  source text collate "C" not null,
  what text,
  why text,
  evidence text,
  plan_id uuid,
  plan_target text,
  cause text collate "C",
  cause_scope text collate "C",
  author_id uuid,
  offered_at timestamptz not null,
  merged_into_id uuid,
  improvement_id uuid,
  assessment_id uuid,
  reason text,
  deferred_until_at timestamptz,
  decided_at timestamptz,
  decided_by_id uuid,
  appended_at timestamptz
);
create index improvement_suggestion_offered on fold.improvement_suggestion (offered_at desc, id desc);
create index improvement_suggestion_changed on fold.improvement_suggestion (changed_at, id);
create index improvement_suggestion_state on fold.improvement_suggestion (state, offered_at desc, id desc);
create index improvement_suggestion_process on fold.improvement_suggestion (process, offered_at desc, id desc) where process is not null;
create index improvement_suggestion_source on fold.improvement_suggestion (source, offered_at desc, id desc);
create index improvement_suggestion_cause on fold.improvement_suggestion (cause, offered_at desc, id desc) where cause is not null;
create index improvement_suggestion_plan on fold.improvement_suggestion (plan_id, offered_at desc, id desc) where plan_id is not null;
create index improvement_suggestion_author on fold.improvement_suggestion (author_id, offered_at desc, id desc) where author_id is not null;
-- Of one cause and scope at most one is open; a further signal joins it.
create unique index improvement_suggestion_cause_key on fold.improvement_suggestion (cause, cause_scope)
  where cause is not null and state in ('offered', 'deferred');

create table fold.suggestion_proposer (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  merged_from_id uuid,
  added_at timestamptz not null,
  appended_at timestamptz
);
create index suggestion_proposer_record on fold.suggestion_proposer (record, added_at, id);
create index suggestion_proposer_person on fold.suggestion_proposer (person_id);

create table fold.suggestion_evidence (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  about text collate "C",
  text text not null,
  kpi text collate "C",
  period text collate "C",
  added_at timestamptz not null,
  appended_at timestamptz
);
create index suggestion_evidence_record on fold.suggestion_evidence (record, added_at, id);
create index suggestion_evidence_about on fold.suggestion_evidence (about) where about is not null;
