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
