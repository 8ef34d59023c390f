-- What is known of troubles and what helps; how it was rated, what is proposed, and where it helped.
create table fold.article (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  opened_at timestamptz not null,
  title text not null,
  requester_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  custom jsonb,
  custom_for_staff jsonb,
  author_id uuid,
  visibility text collate "C" not null,
  language text collate "C" not null,
  symptoms text not null,
  answer text not null,
  other_title text,
  other_symptoms text,
  other_answer text,
  services text[] collate "C",
  categories text[] collate "C",
  cis text[] collate "C",
  "case" text collate "C",
  edition integer,
  published_at timestamptz,
  published_by_id uuid,
  confirmed_at timestamptz,
  next_review_at timestamptz,
  retired_at timestamptz,
  used_count integer,
  last_used_at timestamptz,
  helped_count integer,
  did_not_help_count integer,
  appended_at timestamptz
);
create index article_author on fold.article (author_id, opened_at desc, id desc);
create index article_categories on fold.article using gin (categories);
create index article_changed on fold.article (changed_at, id);
create index article_cis on fold.article using gin (cis);
create index article_custom on fold.article using gin (custom jsonb_path_ops) where custom is not null;
create index article_custom_for_staff on fold.article using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index article_next_review on fold.article (next_review_at, id);
create index article_opened on fold.article (opened_at desc, id desc);
create index article_published on fold.article (published_at, id);
create index article_services on fold.article using gin (services);
create index article_state on fold.article (state, opened_at desc, id desc);

create table fold.article_rating (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid,
  helped boolean not null,
  rated_at timestamptz not null,
  appended_at timestamptz,
  unique (record, person_id)
);

create table fold.article_revision (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  author_id uuid,
  title text,
  symptoms text,
  answer text,
  other_title text,
  other_symptoms text,
  other_answer text,
  proposed_at timestamptz not null,
  appended_at timestamptz
);
create index article_revision_record on fold.article_revision (record, proposed_at, id);

create table fold.article_use (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  use_id uuid not null,
  other text collate "C" not null,
  used_by_id uuid,
  used_at timestamptz not null,
  appended_at timestamptz,
  unique (record, other)
);
create index article_use_record on fold.article_use (record, used_at, id);
