-- What an organisation wants to know of its tickets besides, and the values that tickets have.
create table fold.custom_field (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  process text collate "C" not null,
  key text collate "C" not null,
  value_type text collate "C" not null,
  label_en text collate "C" not null,
  label_zh text collate "C" not null,
  required boolean not null,
  staff_only boolean not null,
  filter_slot integer,
  choices jsonb,
  added_at timestamptz not null,
  retired_at timestamptz
);
-- Retired ones, too: what tickets have under a key keeps its meaning.
create unique index custom_field_key_key on fold.custom_field (process, key);
-- Two who take the same place at once: one of them looks for another.
create unique index custom_field_slot_meanwhile on fold.custom_field (process, filter_slot);
create index custom_field_added on fold.custom_field (added_at desc, id desc);

alter table fold.incident add column custom jsonb, add column custom_for_staff jsonb;
-- Tickets without values cost nothing here.
create index incident_custom on fold.incident using gin (custom jsonb_path_ops) where custom is not null;
create index incident_custom_for_staff on fold.incident using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;

select log.takes_rows('fold.' || name) from unnest(array['custom_field', 'incident']) as name;
