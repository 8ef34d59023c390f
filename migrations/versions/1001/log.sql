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

-- The one way in. Applies a batch of commands: rows, events, heads and keys in one call under the head's lock.
--
-- batch = {
--   "once":     [{"n", "principal", "route", "key", "fingerprint" (hex), "stream", "version", "status"}],
--   "reads":    [{"n", "stream", "version"}],           what was looked at, and how it stood
--   "rows":     {"fold.incident": [{"n", …whole row, the same fields in each…}]},
--   "removals": [{"n", "table", "id"}],
--   "events":   [{"n", "b", …envelope…}],               b: which of `bytes` are its data
--   "audiences": [{"n", "stream", "audience", "about"}]   only of streams whose audience is new or has changed
-- }
-- n numbers the command within the batch. A command that was applied before, or that read what has moved since,
-- is left out as a whole and named in `repeated` or `stale`; the others are applied.
create function log.without(entries jsonb, dropped integer[]) returns jsonb
language sql immutable as $$
  select coalesce(jsonb_agg(entry order by place), '[]')
  from jsonb_array_elements(entries) with ordinality as e(entry, place)
  where not (entry->>'n')::integer = any(dropped)
$$;

-- The statement that writes rows, given as JSON, over those that have the same id.
create function log.upsertion(target text, columns text[], entries text, moment text) returns text
language sql stable as $$
  select format('insert into %1$s (%2$s%4$s) select %2$s%5$s from jsonb_populate_recordset(null::%1$s, %3$s)',
                target, string_agg(quote_ident(name), ', ' order by place), entries,
                case when r.recorded then ', appended_at' else '' end,
                case when r.recorded then ', ' || moment else '' end)
    -- A key of personal fields is made once and never written over.
    || case when target like 'vault.%' then '' else ' on conflict (id) do update set '
         || string_agg(format('%1$I = excluded.%1$I', name), ', ' order by place) filter (where name <> 'id')
         || case when r.recorded then ', appended_at = excluded.appended_at' else '' end end
  from unnest(columns) with ordinality as c(name, place), lateral (
    select exists (select from pg_attribute where attrelid = target::regclass and attname = 'appended_at') as recorded
  ) as r
  group by r.recorded
$$;

create function log.upsert(target text, entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  if jsonb_array_length(entries) > 0 then
    execute log.upsertion(target, array(select name from jsonb_object_keys(entries->0) as name where name <> 'n'),
      '$1', '$2') using entries, moment;
  end if;
end $$;

-- Lets rows of the table be written through the log, by a function of the table's name, whose plan is kept: planning
-- takes ten times as long as writing. Called by the migration that makes the table, and again by one that changes it.
create function log.takes_rows(target text) returns void
language plpgsql as $$
declare
  columns text[] := (select array_agg(attname::text order by attnum) from pg_attribute
    where attrelid = target::regclass and attnum > 0 and not attisdropped and attname <> 'appended_at');
begin
  execute format('create or replace function log.%I(entries jsonb, moment timestamptz) returns void
language plpgsql as $f$
begin
  -- A process that is older than the table does not know all of its columns.
  if entries->0 ?& %L then
    %s;
  else
    perform log.upsert(%L, entries, moment);
  end if;
end $f$', target, columns, log.upsertion(target, columns, 'entries', 'moment'), target);
end $$;

create function log.writable(target text) returns text
language plpgsql as $$
begin
  if to_regprocedure(format('log.%I(jsonb, timestamptz)', target)) is null then
    raise exception 'Only record tables and personal keys are written through the log, not %.', target;
  end if;
  return target;
end $$;

-- An event on its way into the log, and a key under which a command is done once; n: which command of the batch.
create type log.arriving as (
  n integer, occurred_at timestamptz, id uuid, causation_id uuid, version integer, schema_version smallint,
  staff_only boolean, stream text, type text, actor text, credential text, on_behalf_of text, correlation_id text,
  source text, source_ref text, data bytea
);

create type log.once as (
  n integer, principal text, route text, key text, fingerprint bytea, stream text, version integer, status smallint
);

-- Batches are small and alike: to plan for each would take longer than all the rest.
create function log.append(batch jsonb, bytes bytea[],
  out last_position bigint, out recorded_at timestamptz, out stale integer[], out repeated jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  events log.arriving[];
  once log.once[];
  dropped integer[];
begin
  select array_agg((e.n, e.occurred_at, e.id, e.causation_id, e.version, e.schema_version, e.staff_only, e.stream, e.type,
                    e.actor, e.credential, e.on_behalf_of, e.correlation_id, e.source, e.source_ref,
                    bytes[e.b])::log.arriving order by e.b) into events
    from jsonb_to_recordset(batch->'events') as e(n integer, b integer, occurred_at timestamptz, id uuid,
      causation_id uuid, version integer, schema_version smallint, staff_only boolean, stream text, type text,
      actor text, credential text, on_behalf_of text, correlation_id text, source text, source_ref text);
  select array_agg((o.n, o.principal, o.route, o.key, decode(o.fingerprint, 'hex'), o.stream, o.version,
                    o.status)::log.once) into once
    from jsonb_to_recordset(batch->'once') as o(n integer, principal text, route text, key text, fingerprint text,
      stream text, version integer, status smallint);

  select b.batch, b.last_position, b.recorded_at, b.stale, b.repeated, b.dropped
    into append.batch, append.last_position, append.recorded_at, append.stale, append.repeated, dropped
    from log.open_batch(batch, once) as b;
  if dropped is not null then
    -- Unnested, an array keeps its order. (With ordinality it would come apart into its columns.)
    events := array(select e from unnest(events) as e where not e.n = any(dropped));
    once := array(select o from unnest(once) as o where not o.n = any(dropped));
  end if;

  insert into log.event (position, recorded_at, occurred_at, id, causation_id, version, schema_version, staff_only,
                         stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data)
    select append.last_position + e.place, append.recorded_at, e.occurred_at, e.id, e.causation_id, e.version,
           e.schema_version, e.staff_only, e.stream, e.type, e.actor, e.credential, e.on_behalf_of,
           e.correlation_id, e.source, e.source_ref, e.data
    from unnest(events) with ordinality as e(n, occurred_at, id, causation_id, version, schema_version, staff_only,
      stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data, place);
  insert into log.idempotency (principal, route, key, fingerprint, stream, version, status)
    select o.principal, o.route, o.key, o.fingerprint, o.stream, o.version, o.status from unnest(once) as o;
  append.last_position := log.close_batch(batch, array(select e.n from unnest(events) as e),
    array(select e.stream from unnest(events) as e), array(select e.version from unnest(events) as e),
    append.last_position, append.recorded_at);
end $$;

-- A source_ref names the row of the source that the event tells of, for ever.
create function log.append_history(batch jsonb, common jsonb, commands integer[], streams text[],
  versions integer[], ids uuid[], types text[], actors text[], times timestamptz[], refs text[], sizes integer[],
  ends integer[], bytes bytea,
  out last_position bigint, out recorded_at timestamptz, out stale integer[])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  channel text := common->>'source';
begin
  select b.batch, b.last_position, b.recorded_at, b.stale
    into append_history.batch, append_history.last_position, append_history.recorded_at, append_history.stale
    from log.open_batch(batch, null) as b;
  if stale is not null then
    select array_agg(u.n), array_agg(u.stream), array_agg(u.version), array_agg(u.id), array_agg(u.type),
           array_agg(u.actor), array_agg(u.occurred_at), array_agg(u.source_ref), array_agg(u.size), array_agg(u.past)
      into commands, streams, versions, ids, types, actors, times, refs, sizes, ends
      from unnest(commands, streams, versions, ids, types, actors, times, refs, sizes, ends)
        as u(n, stream, version, id, type, actor, occurred_at, source_ref, size, past)
      where not u.n = any(stale);
  end if;

  insert into log.event (position, recorded_at, occurred_at, id, causation_id, version, schema_version, staff_only,
                         stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data)
    select append_history.last_position + u.place, append_history.recorded_at, u.occurred_at, u.id, null, u.version, 1,
           false, u.stream, u.type, u.actor, null, null, common->>'correlation_id', channel, u.source_ref,
           substring(bytes from u.past - u.size + 1 for u.size)
    from unnest(streams, versions, ids, types, actors, times, refs, sizes, ends) with ordinality
      as u(stream, version, id, type, actor, occurred_at, source_ref, size, past, place);
  append_history.last_position := log.close_batch(batch, coalesce(commands, '{}'), streams, versions,
    append_history.last_position, append_history.recorded_at);
end $$;

-- The one way in, in parts: what append and append_history have in common stands once, and each enters its events by a
-- statement of its own. Histories come as columns and stay columns: to make a record of each event, only to take it
-- apart again, took a third of the time that an import holds the log's head for.
create function log.open_batch(inout batch jsonb, once log.once[], out last_position bigint,
  out recorded_at timestamptz, out stale integer[], out repeated jsonb, out dropped integer[])
language plpgsql as $$
declare
  head log.head;
begin
  select * into strict head from log.head for update;
  last_position := head.position;

  -- One probe of an index each, here and below, whatever the planner believes of the size of a batch.
  if once is not null then
    select jsonb_agg(to_jsonb(i) || jsonb_build_object('n', o.n)), array_agg(o.n) into repeated, dropped
      from unnest(once) as o cross join lateral (
        select * from log.idempotency i where (i.principal, i.route, i.key) = (o.principal, o.route, o.key) limit 1
      ) as i;
  end if;

  select array_agg(distinct r.n) into stale
    from jsonb_to_recordset(batch->'reads') as r(n integer, stream text, version integer)
    where coalesce((select h.version from log.stream_head h where h.stream = r.stream), 0) <> r.version
      and not r.n = any(coalesce(dropped, '{}'));

  if stale is not null or dropped is not null then
    dropped := coalesce(dropped, '{}') || coalesce(stale, '{}');
    batch := jsonb_build_object(
      'rows', (select coalesce(jsonb_object_agg(key, log.rows_without(value, dropped)), '{}')
               from jsonb_each(batch->'rows')),
      'removals', log.without(batch->'removals', dropped),
      'audiences', log.without(batch->'audiences', dropped));
  end if;

  -- No two batches share an instant, so an instant of the past is a position.
  recorded_at := greatest(head.recorded_at + interval '1 microsecond', clock_timestamp());
end $$;

-- The rest, when the events are entered: heads, rows, removals, the log's head, one notice. `commands`, `streams` and
-- `versions` are those of the events, in the order of their positions.
create function log.close_batch(batch jsonb, commands integer[], streams text[], versions integer[],
  inout last_position bigint, recorded_at timestamptz)
language plpgsql as $$
declare
  target text;
  entries jsonb;
  kinds text;
  wrong text;
begin
  -- An event follows the version that its stream has, in the order of positions; whoever gives another has not read it.
  with written as (
    select e.stream, min(e.version) as first, max(e.version) as last, bool_and(coalesce(e.step = 1, true)) as follow
    from (
      select u.stream, u.version, u.version - lag(u.version) over (partition by u.stream order by u.place) as step
      from unnest(streams, versions) with ordinality as u(stream, version, place)
    ) as e
    group by e.stream
  ), heads as materialized (
    -- Joined by itself. The planner believes that one stream at most has the right version; who is to see them would be
    -- looked through from the beginning for each of a history's thousand.
    select w.stream, w.first, w.last, w.follow, a.audience, a.about from written w
    left join jsonb_to_recordset(batch->'audiences') as a(stream text, audience text[], about text) using (stream)
  ), moved as (
    insert into log.stream_head as h (stream, kind, version, audience, about)
      select w.stream, split_part(w.stream, '/', 1), w.last, coalesce(w.audience, '{}'), w.about from heads w
      where w.first = 1 + coalesce((select version from log.stream_head o where o.stream = w.stream), 0) and w.follow
      on conflict (stream) do update set version = excluded.version
      returning h.stream
  )
  select string_agg(stream, ', ') filter (where stream not in (select stream from moved)),
         string_agg(distinct split_part(stream, '/', 1), ',')
    into wrong, kinds from written;
  if wrong is not null then
    raise exception 'Events do not follow the versions of their streams: %.', wrong;
  end if;
  update log.stream_head h set audience = a.audience, about = a.about
    from jsonb_to_recordset(batch->'audiences') as a(stream text, audience text[], about text)
    where h.stream = a.stream and (h.audience, h.about) is distinct from (a.audience, a.about);

  for target, entries in
    select r.entry->>'table', jsonb_agg(r.entry->'id') from jsonb_array_elements(batch->'removals') as r(entry) group by 1
  loop
    execute format('delete from %s where id in (select value::uuid from jsonb_array_elements_text($1))',
      log.writable(target)) using entries;
  end loop;
  for target, entries in select key, value from jsonb_each(batch->'rows') loop
    execute format('select log.%I($1, $2)', log.writable(target)) using entries, close_batch.recorded_at;
  end loop;

  select string_agg(distinct n::text, ', ') into wrong from (
    select (entry->>'n')::integer as n from jsonb_each(batch->'rows') as t, jsonb_array_elements(t.value) as r(entry)
    union all select (entry->>'n')::integer from jsonb_array_elements(batch->'removals') as r(entry)
    union all select (entry->>'n')::integer from jsonb_array_elements(batch->'audiences') as r(entry)
  ) as changed where n not in (select c from unnest(commands) as c);
  if wrong is not null then
    raise exception 'Nothing changes without an event: command % of the batch has none.', wrong;
  end if;

  if cardinality(commands) > 0 then
    last_position := last_position + cardinality(commands);
    update log.head h set position = last_position, recorded_at = close_batch.recorded_at;
    perform pg_notify('ledgerdesk_log', last_position || ' ' || kinds);
  end if;
end $$;

-- Whoever has cached a text or a key that is destroyed must hear of it, whatever kind of record it belonged to.
create function log.tell_of_destroyed() returns trigger language plpgsql as $$
begin
  perform pg_notify('ledgerdesk_log', (select position from log.head) || ' vault');
  return null;
end $$;

-- Of rows the first of a table names all columns. What others leave out is null: most columns are, and to read them took
-- as long as to write the row. So the first that is left must name them, too.
create function log.rows_without(entries jsonb, dropped integer[]) returns jsonb
language sql immutable as $$
  select coalesce(jsonb_agg(case left_over.nth when 1 then named.columns || left_over.entry else left_over.entry end
                            order by left_over.nth), '[]')
  from (select jsonb_object_agg(name, null) as columns from jsonb_object_keys(entries->0) as name) as named,
    (
      select e.entry, row_number() over (order by e.place) as nth
      from jsonb_array_elements(entries) with ordinality as e(entry, place)
      where not (e.entry->>'n')::integer = any(dropped)
    ) as left_over
$$;

-- What the planner knows of a table is as old as its last ANALYZE. After a history has come in, tables are many
-- times as large, and until autovacuum comes by, a minute later or more, plans are made for what they were.
-- The service's role owns no table, and cannot do it by itself. Of a partitioned table autovacuum never does it.
create function log.analyse() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  grown regclass;
begin
  for grown in
    select coalesce(i.inhparent, c.oid)::regclass
      from pg_class c left join pg_inherits i on i.inhrelid = c.oid
      where c.relkind = 'r'
        and c.relnamespace = any ('{log, fold, vault, plumbing, kpi, search}'::regnamespace[])
        and pg_relation_size(c.oid) > (c.relpages * 1.1 + 8) * current_setting('block_size')::integer
      group by 1
      order by 1  -- so that two at once wait for one another, and not each for the other
  loop
    execute format('analyze %s', grown);
  end loop;
end $$;
