-- What the cases of a process are sorted into.
create table fold.category (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  process text collate "C" not null,
  key text collate "C" not null,
  name_en text collate "C" not null,
  name_zh text collate "C" not null,
  parent_id uuid,
  level integer not null,
  added_at timestamptz not null,
  retired_at timestamptz
);
-- Retired ones, too: what cases have keeps its meaning.
create unique index category_key_key on fold.category (process, key);
create index category_key on fold.category (key, id);
create index category_added on fold.category (added_at desc, id desc);
create index category_parent on fold.category (parent_id, added_at desc, id desc);

select log.takes_rows('fold.category');
