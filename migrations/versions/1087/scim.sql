-- Groups that the identity provider keeps here by SCIM, and who belongs to them.
create table fold.directory_group (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text collate "C" not null,
  external_id text collate "C",
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create unique index directory_group_name on fold.directory_group (name) where state = 'active';
create unique index directory_group_external_id on fold.directory_group (external_id) where state = 'active';
create index directory_group_added on fold.directory_group (added_at desc, id desc);
create table fold.directory_membership (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  person_id uuid not null,
  directory_group_id uuid not null,
  appended_at timestamptz,
  unique (person_id, directory_group_id)
);
create index directory_membership_group on fold.directory_membership (directory_group_id, person_id);
-- What the provider says of persons.
alter table fold.person
  add column scim_user_name text, add column scim_external_id text, add column scim_status text collate "C";
create index person_provisioned on fold.person (added_at, id)
  where scim_status is not null or login is not null;
