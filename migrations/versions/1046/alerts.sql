-- Sentences on what needs attention, from when they came true until they were not: whoever has it is told of both.
create table fold.attention_alert (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  key text collate "C" not null,
  code text collate "C" not null,
  severity text collate "C" not null,
  process text collate "C",
  subject text collate "C",
  title_en text collate "C" not null,
  title_zh text collate "C" not null,
  person_ids text[] collate "C",
  raised_at timestamptz not null,
  ended_at timestamptz,
  appended_at timestamptz
);
create index attention_alert_list on fold.attention_alert (raised_at desc, id desc);
create index attention_alert_earlier on fold.attention_alert (key);
create index attention_alert_persons on fold.attention_alert using gin (person_ids);
-- Of two workers that raise an alert of the same sentence one is refused.
create unique index attention_alert_raised_key on fold.attention_alert (key) where state = 'raised';
