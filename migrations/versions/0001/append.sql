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
create function log.upsertion(target text, columns text[], entries text) returns text
language sql stable as $$
  select format('insert into %1$s (%2$s) select %2$s from jsonb_populate_recordset(null::%1$s, %3$s)',
                target, string_agg(quote_ident(name), ', ' order by place), entries)
    -- A key of personal fields is made once and never written over.
    || case when target like 'vault.%' then '' else ' on conflict (id) do update set '
         || string_agg(format('%1$I = excluded.%1$I', name), ', ' order by place) filter (where name <> 'id') end
  from unnest(columns) with ordinality as c(name, place)
$$;

create function log.upsert(target text, entries jsonb) returns void
language plpgsql as $$
begin
  if jsonb_array_length(entries) > 0 then
    execute log.upsertion(target, array(select name from jsonb_object_keys(entries->0) as name where name <> 'n'), '$1')
      using entries;
  end if;
end $$;

-- Lets rows of the table be written through the log, by a function of the table's name, whose plan is kept: planning
-- takes ten times as long as writing. Called by the migration that makes the table, and again by one that changes it.
create function log.takes_rows(target text) returns void
language plpgsql as $$
declare
  columns text[] := (select array_agg(attname::text order by attnum) from pg_attribute
    where attrelid = target::regclass and attnum > 0 and not attisdropped);
begin
  execute format('create or replace function log.%I(entries jsonb) returns void language plpgsql as $f$
begin
  -- A process that is older than the table does not know all of its columns.
  if entries->0 ?& %L then
    %s;
  else
    perform log.upsert(%L, entries);
  end if;
end $f$', target, columns, log.upsertion(target, columns, 'entries'), target);
end $$;

create function log.writable(target text) returns text
language plpgsql as $$
begin
  if to_regprocedure(format('log.%I(jsonb)', target)) is null then
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

-- What append and append_history have in common: all of it, but for how events and keys are handed over. The events
-- get their positions in the order of the array.
create function log.write(batch jsonb, events log.arriving[], once log.once[],
  out last_position bigint, out recorded_at timestamptz, out stale integer[], out repeated jsonb)
language plpgsql as $$
declare
  head log.head;
  dropped integer[];
  target text;
  entries jsonb;
  kinds text;
  wrong text;
begin
  select * into strict head from log.head for update;
  last_position := head.position;

  -- One probe of an index each, here and below, whatever the planner believes of the size of a batch.
  select jsonb_agg(to_jsonb(i) || jsonb_build_object('n', o.n)), array_agg(o.n) into repeated, dropped
    from unnest(once) as o cross join lateral (
      select * from log.idempotency i where (i.principal, i.route, i.key) = (o.principal, o.route, o.key) limit 1
    ) as i;

  select array_agg(distinct r.n) into stale
    from jsonb_to_recordset(batch->'reads') as r(n integer, stream text, version integer)
    where coalesce((select h.version from log.stream_head h where h.stream = r.stream), 0) <> r.version
      and not r.n = any(coalesce(dropped, '{}'));

  if stale is not null or dropped is not null then
    dropped := coalesce(dropped, '{}') || coalesce(stale, '{}');
    batch := jsonb_build_object(
      'rows', (select coalesce(jsonb_object_agg(key, log.without(value, dropped)), '{}') from jsonb_each(batch->'rows')),
      'removals', log.without(batch->'removals', dropped),
      'audiences', log.without(batch->'audiences', dropped));
    -- Unnested, an array keeps its order. (With ordinality it would come apart into its columns.)
    events := array(select e from unnest(events) as e where not e.n = any(dropped));
    once := array(select o from unnest(once) as o where not o.n = any(dropped));
  end if;

  -- No two batches share an instant, so an instant of the past is a position.
  recorded_at := greatest(head.recorded_at + interval '1 microsecond', clock_timestamp());

  -- An event follows the version that its stream has, in the order of positions; whoever gives another has not read it.
  with entered as (
    insert into log.event (position, recorded_at, occurred_at, id, causation_id, version, schema_version, staff_only,
                           stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data)
      select head.position + e.place, write.recorded_at, e.occurred_at, e.id, e.causation_id, e.version,
             e.schema_version, e.staff_only, e.stream, e.type, e.actor, e.credential, e.on_behalf_of,
             e.correlation_id, e.source, e.source_ref, e.data
      from unnest(events) with ordinality as e(n, occurred_at, id, causation_id, version, schema_version, staff_only,
        stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data, place)
      returning position, stream, version
  ), written as (
    select e.stream, min(e.version) as first, max(e.version) as last, bool_and(coalesce(e.step = 1, true)) as follow
    from (select stream, version, version - lag(version) over (partition by stream order by position) as step
          from entered) as e
    group by e.stream
  ), moved as (
    insert into log.stream_head as h (stream, kind, version, audience, about)
      select w.stream, split_part(w.stream, '/', 1), w.last, coalesce(a.audience, '{}'), a.about
      from written w
      left join jsonb_to_recordset(batch->'audiences') as a(stream text, audience text[], about text) using (stream)
      where w.first = 1 + coalesce((select version from log.stream_head o where o.stream = w.stream), 0) and w.follow
      on conflict (stream) do update set version = excluded.version
      returning h.stream
  )
  select string_agg(stream, ', ') filter (where stream not in (select stream from moved)),
         string_agg(distinct split_part(stream, '/', 1), ',')
    into wrong, kinds from written;
  last_position := head.position + coalesce(cardinality(events), 0);
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
    execute format('select log.%I($1)', log.writable(target)) using entries;
  end loop;

  select string_agg(distinct n::text, ', ') into wrong from (
    select (entry->>'n')::integer as n from jsonb_each(batch->'rows') as t, jsonb_array_elements(t.value) as r(entry)
    union all select (entry->>'n')::integer from jsonb_array_elements(batch->'removals') as r(entry)
    union all select (entry->>'n')::integer from jsonb_array_elements(batch->'audiences') as r(entry)
  ) as changed where n not in (select e.n from unnest(events) as e);
  if wrong is not null then
    raise exception 'Nothing changes without an event: command % of the batch has none.', wrong;
  end if;
  if last_position = head.position then
    return;
  end if;

  insert into log.idempotency (principal, route, key, fingerprint, stream, version, status)
    select o.principal, o.route, o.key, o.fingerprint, o.stream, o.version, o.status from unnest(once) as o;

  update log.head h set position = write.last_position, recorded_at = write.recorded_at;

  perform pg_notify('ledgerdesk_log', last_position || ' ' || kinds);
end $$;

-- Batches are small and alike: to plan for each would take longer than all the rest.
create function log.append(batch jsonb, bytes bytea[],
  out last_position bigint, out recorded_at timestamptz, out stale integer[], out repeated jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  events log.arriving[];
  once log.once[];
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
  select w.* into last_position, recorded_at, stale, repeated from log.write(batch, events, once) as w;
end $$;

-- The same for histories, where the columns of thousands of events come as arrays: a third of the time of JSON.
-- `common` has what all of the events share; `bytes` their data one after the other, each of its size. A source_ref
-- names the row of the source that the event tells of, and is its key: no row is told twice.
create function log.append_history(batch jsonb, common jsonb, commands integer[], streams text[], versions integer[],
  ids uuid[], types text[], actors text[], times timestamptz[], refs text[], sizes integer[], bytes bytea,
  out last_position bigint, out recorded_at timestamptz, out stale integer[], out repeated jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  events log.arriving[];
  once log.once[];
  source text := common->>'source';
begin
  select array_agg((e.n, e.occurred_at, e.id, null, e.version, 1, false, e.stream, e.type, e.actor, null, null,
                    common->>'correlation_id', source, e.source_ref,
                    substring(bytes from e.past::integer - e.size + 1 for e.size))::log.arriving order by e.place) into events
    from (
      select *, sum(u.size) over (order by u.place) as past
      from unnest(commands, streams, versions, ids, types, actors, times, refs, sizes) with ordinality
        as u(n, stream, version, id, type, actor, occurred_at, source_ref, size, place)
    ) as e;
  -- The key says it all: there is no body of which to keep a fingerprint.
  select array_agg((o.n, source, 'row', o.source_ref, '', o.stream, o.version, 201)::log.once) into once
    from (select e.n, e.source_ref, min(e.stream) as stream, max(e.version) as version from unnest(events) as e
          where e.source_ref is not null group by e.n, e.source_ref) as o;
  select w.* into last_position, recorded_at, stale, repeated from log.write(batch, events, once) as w;
end $$;
