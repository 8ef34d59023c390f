-- Answers that recur, with placeholders.
create table fold.text_block (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  process text collate "C",
  title_en text not null,
  title_zh text not null,
  text_en text not null,
  text_zh text not null,
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index text_block_added on fold.text_block (added_at desc, id desc);
