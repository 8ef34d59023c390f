create table fold.deputy (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  person_id uuid not null,
  deputy_id uuid not null,
  decisions text[] collate "C",
  from_at timestamptz not null,
  until_at timestamptz not null,
  named_at timestamptz not null,
  ended_at timestamptz
);
create index deputy_named on fold.deputy (named_at desc, id desc);
create index deputy_until on fold.deputy (until_at desc, id desc);
create index deputy_person on fold.deputy (person_id) where state = 'named';
create index deputy_changed on fold.deputy (changed_at, id);

-- Who may vote in whose name on one decision.
create table fold.voting_deputy (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  decision_id uuid not null,
  person_id uuid not null,
  instead_of_id uuid not null,
  deputation_id uuid not null,
  asked_at timestamptz not null,
  due_at timestamptz not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  ended_at timestamptz
);
create index voting_deputy_decision on fold.voting_deputy (record, decision_id);
create index voting_deputy_person on fold.voting_deputy (person_id) where ended_at is null;
create index voting_deputy_deputation on fold.voting_deputy (deputation_id);
