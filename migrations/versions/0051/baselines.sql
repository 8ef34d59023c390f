-- Which configuration items, as of which position of the log; what they were is in their histories.
create table fold.baseline (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name text collate "C" not null,
  position bigint not null,
  ci_classes text[] collate "C" not null,
  services text[] collate "C" not null,
  ci_ids text[] collate "C" not null,
  taken_at timestamptz not null,
  discarded_at timestamptz
);
create unique index baseline_key_key on fold.baseline (key);
create index baseline_taken on fold.baseline (taken_at desc, id desc);

select log.takes_rows('fold.baseline');
