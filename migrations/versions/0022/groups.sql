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
  retired_at timestamptz
);
create index group_added on fold."group" (added_at desc, id desc);
create index group_name on fold."group" (name, id);
create index group_chair on fold."group" (chair_id, added_at desc, id desc);

create table fold.group_member (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  side text collate "C" not null,
  added_at timestamptz not null,
  unique (record, person_id)
);

select log.takes_rows('fold.' || name) from unnest(array['group', 'group_member']) as name;
