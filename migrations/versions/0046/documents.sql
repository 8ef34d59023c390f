-- Documents that records make, as the register has them, and what they say.
create table fold.document_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  number text collate "C" not null unique,
  document_class text collate "C" not null,
  title text,
  state text collate "C" not null,
  edition integer not null,
  author_id uuid,
  drafted_at timestamptz not null,
  published_at timestamptz,
  superseded_at timestamptz
);
create index document_entry_record on fold.document_entry (record, drafted_at, id);

create table fold.document_section (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  document_id uuid not null,
  edition integer not null,
  place integer not null,
  heading text collate "C" not null,
  text text not null,
  written_at timestamptz not null
);
create index document_section_record on fold.document_section (record, written_at, id);

select log.takes_rows('fold.' || name) from unnest(array['document_entry', 'document_section']) as name;
