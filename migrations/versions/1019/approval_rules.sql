create table fold.approval_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  key text collate "C" not null unique,
  decision text collate "C" not null,
  name text collate "C" not null,
  edition integer not null,
  definition jsonb not null,
  told_roles text[] collate "C" not null,
  told_groups text[] collate "C" not null,
  set_by_id uuid,
  set_at timestamptz not null,
  ended_at timestamptz
);
create index approval_rule_key_order on fold.approval_rule (key, id);
create index approval_rule_changed on fold.approval_rule (changed_at, id);
create index approval_rule_set on fold.approval_rule (set_at desc, id desc);

create table fold.approval_rule_version (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  edition integer not null,
  definition jsonb not null,
  ended boolean not null,
  set_by_id uuid,
  set_at timestamptz not null,
  unique (record, edition)
);
create index approval_rule_version_set on fold.approval_rule_version (record, set_at, id);
