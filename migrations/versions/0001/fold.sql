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
  erased_at timestamptz
);

create table fold.team (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name text collate "C" not null,
  kind text collate "C" not null,
  added_at timestamptz not null
);

create table fold.membership (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  person_id uuid not null,
  team_id uuid not null,
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
  roles text[] collate "C" not null,
  secret_hash text collate "C" not null,
  made_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

create table fold.external_reference (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  kind text collate "C" not null,
  source text collate "C" not null,
  key text collate "C" not null,
  unique (kind, key, source)
);
create index external_reference_record on fold.external_reference (record);

create table fold.comment (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  author_id uuid not null,
  visibility text collate "C" not null,
  text text not null,
  written_at timestamptz not null
);
create index comment_record on fold.comment (record, written_at, id);

create table fold.incident (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  title text,
  description text,
  channel text collate "C",
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  effect text collate "C",
  began_at timestamptz,
  service text collate "C",
  ci text collate "C",
  category text collate "C",
  requester_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  opened_at timestamptz not null,
  acknowledged_at timestamptz,
  started_at timestamptz,
  held_from text collate "C",
  hold_reason text collate "C",
  wake_up_at timestamptz,
  resolved_at timestamptz,
  resolution_code text collate "C",
  resolution text,
  cause text,
  service_restored_at timestamptz,
  closed_at timestamptz,
  cancelled_at timestamptz
) with (fillfactor = 85);
create index incident_opened on fold.incident (opened_at desc, id desc);
create index incident_state on fold.incident (state, opened_at desc, id desc);
create index incident_team on fold.incident (team_id, opened_at desc, id desc);
create index incident_team_state on fold.incident (team_id, state, opened_at desc, id desc);
create index incident_requester on fold.incident (requester_id, opened_at desc, id desc);
create index incident_assignee on fold.incident (assignee_id, opened_at desc, id desc);

select log.takes_rows('fold.' || name) from unnest(array[
  'person', 'team', 'membership', 'key', 'external_reference', 'comment', 'incident']) as name;
