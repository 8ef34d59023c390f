-- A row of a history is known by the events of its case, which name it; who tells of a case that somebody else has told
-- of meanwhile is stale, and looks again. So it needs no key of its own, which took an eighth of writing a history.
delete from log.idempotency where route = 'row';

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

create or replace function log.open_batch(inout batch jsonb, once log.once[], out last_position bigint,
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
create or replace function log.close_batch(batch jsonb, commands integer[], streams text[], versions integer[],
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
    execute format('select log.%I($1)', log.writable(target)) using entries;
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

-- A source_ref names the row of the source that the event tells of, for ever.
create or replace function log.append_history(batch jsonb, common jsonb, commands integer[], streams text[],
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
