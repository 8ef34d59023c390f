-- Saved views of lists. They are people's own arrangements and no facts of the service: they change without an event.
create table plumbing.view (
  id uuid primary key,
  version integer not null,
  owner_id uuid not null,
  team_id uuid,
  name text not null,
  kind text collate "C" not null,
  query text not null,
  changed_at timestamptz not null
);
create index view_owner on plumbing.view (owner_id, id);
create index view_team on plumbing.view (team_id, id) where team_id is not null;
