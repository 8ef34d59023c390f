-- What there is, and how it hangs together.
create table fold.ci (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null,
  name text collate "C" not null,
  ci_class text collate "C" not null,
  owner_id uuid,
  services text[] collate "C" not null,
  attributes jsonb not null,
  planned_at timestamptz not null,
  live_at timestamptz,
  retired_at timestamptz,
  unauthorised boolean not null,
  unauthorised_count integer not null,
  unauthorised_at timestamptz
);
create unique index ci_key_key on fold.ci (key);
create index ci_planned on fold.ci (planned_at desc, id desc);
create index ci_name on fold.ci (name, id);
create index ci_unauthorised on fold.ci (unauthorised_at desc nulls last, id desc);
create index ci_class on fold.ci (ci_class, planned_at desc, id desc);
create index ci_owner on fold.ci (owner_id, planned_at desc, id desc);
create index ci_services on fold.ci using gin (services);

create table fold.ci_relation (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  from_ci_id uuid not null,
  kind text collate "C" not null,
  to_ci_id uuid not null,
  related_at timestamptz not null
);
-- Both ways: what follows from a failure is found from either end.
create unique index ci_relation_meanwhile on fold.ci_relation (from_ci_id, kind, to_ci_id);
create index ci_relation_to on fold.ci_relation (to_ci_id, kind, from_ci_id);
create index ci_relation_record on fold.ci_relation (record, id);

select log.takes_rows('fold.' || name) from unnest(array['ci', 'ci_relation']) as name;
