-- The ledger: one append-only table, the head that orders it, and what guards it.
-- Positions are given out under the head's lock, so they are dense, final, and visible in order.

create schema log;

create table log.head (
  one boolean primary key default true check (one),
  position bigint not null,
  recorded_at timestamptz not null
);
insert into log.head (position, recorded_at) values (0, '-infinity');

-- The checks keep out what no reader could read again: every guard here is for ever, like the rows. Lengths are
-- checked apart from the patterns: bounded repetitions, {0,63}, would cost ten times as much as the insert itself.
create table log.event (
  position bigint primary key,
  recorded_at timestamptz not null,
  occurred_at timestamptz not null,
  id uuid not null,
  causation_id uuid,
  version integer not null,
  schema_version smallint not null,
  staff_only boolean not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  actor text collate "C" not null,
  credential text collate "C",
  on_behalf_of text collate "C",
  correlation_id text collate "C" not null,
  source text collate "C" not null,
  source_ref text collate "C",
  data bytea not null,
  constraint version_counts_from_one check (version > 0 and schema_version > 0),
  constraint occurred_in_our_time check (occurred_at between '1900-01-01T00:00:00Z' and '2201-01-01T00:00:00Z'),
  constraint stream_is_a_record check (length(stream) <= 78 and stream like '%/________-____-____-____-____________'
    and stream ~ '^[a-z][a-z_]*/[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$'),
  constraint type_is_past_tense check (length(type) <= 102 and type ~ '^[a-z][a-z_]*[.][a-z][a-z_]*$'),
  constraint actor_is_somebody check (length(actor) <= 76
    and actor ~ '^(?:person|integration|rule|import):[a-z0-9][a-z0-9_.-]*$'),
  constraint source_is_a_channel check (length(source) <= 80 and source ~ '^[a-z]+(?::[a-z0-9][a-z0-9_.-]*)?$'),
  constraint credential_is_a_key check (credential like 'key:________-____-____-____-____________'
    and credential ~ '^key:[0-9a-f-]+$'),
  constraint on_behalf_of_a_person check (on_behalf_of like 'person:________-____-____-____-____________'
    and on_behalf_of ~ '^person:[0-9a-f-]+$'),
  constraint names_are_short check (length(correlation_id) <= 128 and length(source_ref) <= 128),
  -- What it says, and what it sets of which rows; a row is removed by null. Most set but the stream's own row, whose
  -- key has been looked at above: the pattern is a quarter of the cost.
  constraint data_says_and_sets check (jsonb_path_exists(convert_from(data, 'UTF8')::jsonb, 'strict $ ? (
    @.given.type() == "object" && @.set.type() == "object" && !exists(@.set.keyvalue() ? (
      !(@.key == $stream
        || @.key like_regex "^[a-z][a-z_]*/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
      || (@.value.type() != "object" && @.value.type() != "null"))))',
    jsonb_build_object('stream', stream), silent => true))
) partition by range (position);

-- The data as its newest schema version has it. SQL reads events through log.told, never through the table.
create function log.upcast(type text, schema_version smallint, data jsonb) returns jsonb
language sql immutable parallel safe as $$ select data $$;

create view log.told as
  select position, recorded_at, occurred_at, id, causation_id, version, staff_only, stream, type, actor, on_behalf_of,
         source, source_ref, log.upcast(type, schema_version, convert_from(data, 'UTF8')::jsonb) as data
  from log.event;

create table log.stream_head (
  stream text collate "C" primary key,
  kind text collate "C" not null,
  version integer not null,
  audience text[] collate "C" not null,
  about text collate "C"  -- the record whose audience counts, for a stream that has no record of its own
) with (fillfactor = 85);

create index stream_head_audience on log.stream_head using gin (audience);

-- What was done once is not done twice: a client's key, a rule's, a delivery's, an import row's.
create table log.idempotency (
  principal text collate "C",
  route text collate "C",
  key text collate "C",
  fingerprint bytea not null,
  stream text collate "C" not null,
  version integer not null,
  status smallint not null,
  primary key (key, route, principal)  -- what differs most comes first: fewer texts are compared
);

-- How far each consumer has followed.
create table log.checkpoint (
  consumer text collate "C" primary key,
  position bigint not null,
  moved_at timestamptz not null
);

create function log.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The log is append-only: % on %.% is refused.', tg_op, tg_table_schema, tg_table_name
    using errcode = 'LD001';
end $$;

create trigger append_only before update or delete or truncate on log.event
  for each statement execute function log.refuse_change();
alter table log.event enable always trigger append_only;

do $$
declare
  per_partition constant bigint := 10000000;
  name text;
begin
  for n in 0..9 loop
    name := format('event_%s', to_char(n, 'FM0000'));
    -- Events of two or three kilobytes are not worth compressing.
    execute format('create table log.%I partition of log.event for values from (%s) to (%s)
      with (toast_tuple_target = 4080)', name, n * per_partition + 1, (n + 1) * per_partition + 1);
    execute format('create trigger append_only before update or delete or truncate on log.%I
      for each statement execute function log.refuse_change()', name);
    execute format('alter table log.%I enable always trigger append_only', name);
    -- Across partitions log.stream_head keeps (stream, version) unique.
    execute format('create unique index on log.%I (stream, version)', name);
    execute format('create unique index on log.%I (id)', name);
  end loop;
end $$;

-- Merges what events set on a row, in the order that the aggregate is given them in.
create aggregate log.merge(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}', parallel = safe);
