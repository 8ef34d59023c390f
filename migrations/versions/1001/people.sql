-- The tables of the records: the fold of the log, kept in the same transaction. No foreign keys across records.
-- Personal fields hold ciphertext (enc1:<key>:…). Sorting is by code point, the same everywhere.
create schema fold;

create table fold.person (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  email text collate "C",
  locale text collate "C",
  team_id uuid,
  key_id uuid not null,
  added_at timestamptz not null,
  erased_at timestamptz,
  phone text collate "C",
  department text collate "C",
  post text collate "C",
  manager_id uuid,
  grade text collate "C",
  time_zone text collate "C",
  roles text[] collate "C",
  deactivated_at timestamptz,
  told_of text[] collate "C",
  told_by_mail text[] collate "C",
  login text,
  login_issuer text,
  appended_at timestamptz
);
create index person_added on fold.person (added_at, id);
-- The few who administer everything: whether one would be left is asked before one of them goes.
create index person_admin on fold.person (id) where 'admin' = any(roles) and state = 'active';
create index person_roles on fold.person using gin (roles);

create table fold.team (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name text collate "C" not null,
  kind text collate "C" not null,
  added_at timestamptz not null,
  lead_id uuid,
  retired_at timestamptz,
  appended_at timestamptz
);

create table fold.membership (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  person_id uuid not null,
  team_id uuid not null,
  appended_at timestamptz,
  unique (person_id, team_id)
);
create index membership_team on fold.membership (team_id);

create table fold.key (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text collate "C" not null,
  person_id uuid not null,
  roles text[] collate "C",
  secret_hash text collate "C" not null,
  made_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  previous_hash text collate "C",
  previous_ends_at timestamptz,
  rotated_at timestamptz,
  appended_at timestamptz
);
create index key_made on fold.key (made_at, id);
create index key_person on fold.key (person_id, made_at desc, id desc);

-- Committees, boards, working groups; and who sits in them for which side.
create table fold."group" (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name text collate "C" not null,
  chair_id uuid,
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index group_added on fold."group" (added_at desc, id desc);
create index group_chair on fold."group" (chair_id, added_at desc, id desc);
create index group_name on fold."group" (name, id);

create table fold.group_member (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  side text collate "C" not null,
  added_at timestamptz not null,
  appended_at timestamptz,
  unique (record, person_id)
);
