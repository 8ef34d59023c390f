-- What every ticket has beside it: who follows it, tags, links, tasks; and when a comment was corrected or withdrawn.

create table fold.follower (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  followed_at timestamptz not null,
  unique (person_id, record)
);
create index follower_record on fold.follower (record, followed_at, id);

create table fold.tag (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  name text collate "C" not null,
  tagged_at timestamptz not null,
  unique (name, record)
);
create index tag_record on fold.tag (record, tagged_at, id);

create table fold.link (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  link_id uuid not null,
  kind text collate "C" not null,
  other text collate "C" not null,
  linked_at timestamptz not null
);
create index link_record on fold.link (record, linked_at, id);

create table fold.task (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  title text not null,
  assignee_id uuid,
  team_id uuid,
  due_at timestamptz,
  added_at timestamptz not null,
  completed_at timestamptz,
  outcome text
);
create index task_record on fold.task (record, added_at, id);
create index task_assignee on fold.task (assignee_id, due_at, id) where completed_at is null;

alter table fold.comment add column corrected_at timestamptz, add column withdrawn_at timestamptz;

select log.takes_rows('fold.' || name) from unnest(array['follower', 'tag', 'link', 'task', 'comment']) as name;

-- Whoever has cached a text or a key that is destroyed must hear of it, whatever kind of record it belonged to.
create function log.tell_of_destroyed() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledgerdesk_log', (select position from log.head) || ' vault');
  return null;
end $$;

create trigger destroyed after delete on vault.personal_key
  for each statement execute function log.tell_of_destroyed();
