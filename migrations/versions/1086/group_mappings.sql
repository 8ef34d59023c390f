-- Groups at the identity provider, with the role or the team that their members get.
create table fold.group_mapping (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  group_name text collate "C" not null,
  role text collate "C",
  joined_team_id uuid,
  added_at timestamptz not null,
  withdrawn_at timestamptz,
  appended_at timestamptz
);
create unique index group_mapping_grant on fold.group_mapping
  (group_name, coalesce(role, ''), coalesce(joined_team_id, '00000000-0000-0000-0000-000000000000'))
  where state = 'active';
create index group_mapping_added on fold.group_mapping (added_at desc, id desc);
-- The roles and teams that persons have from there, by the way they came.
alter table fold.person
  add column sign_in_grants text[] collate "C", add column scim_grants text[] collate "C";
