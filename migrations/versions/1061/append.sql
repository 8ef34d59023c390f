-- Batches are small and alike: to plan for each would take longer than all the rest.
create or replace function log.append(batch jsonb, bytes bytea[],
  out last_position bigint, out recorded_at timestamptz, out stale integer[], out repeated jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  events log.arriving[];
  once log.once[];
  dropped integer[];
  wrong text;
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

  -- The row of a record changes with an event of its command that names it: else a fold of the log comes to another row.
  -- Looked at before the head is locked, since the events are read for it.
  with changed as (
    select (r.entry->>'n')::integer as n, substr(t.key, 6) || '/' || (r.entry->>'id') as name
      from jsonb_each(batch->'rows') as t, jsonb_array_elements(t.value) as r(entry) where t.key like 'fold.%'
    union all select (r.entry->>'n')::integer, substr(r.entry->>'table', 6) || '/' || (r.entry->>'id')
      from jsonb_array_elements(batch->'removals') as r(entry) where r.entry->>'table' like 'fold.%'
  ), told as (
    select e.n, convert_from(e.data, 'UTF8')::jsonb->'set' as rows from unnest(events) as e
  ), named as materialized (
    select n, jsonb_object_keys(rows) as name from told where jsonb_typeof(rows) = 'object'
  )
  select string_agg(distinct c.name, ', ') into wrong
    from changed c where c.n in (select n from told) and not exists (select from named where (n, name) = (c.n, c.name));
  if wrong is not null then
    raise exception 'No event of its command names the row that changes: %.', wrong;
  end if;

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
