-- Every row of the fold says when the log took the last event that changed it: its `changed_at` is when that happened,
-- and the past is asked for by the other. Only the log knows it, when it takes a batch, so it writes it.

-- `moment` is what of the statement says when; a table that does not keep it is written without.
drop function log.upsertion(text, text[], text);
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

drop function log.upsert(text, jsonb);
create function log.upsert(target text, entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  if jsonb_array_length(entries) > 0 then
    execute log.upsertion(target, array(select name from jsonb_object_keys(entries->0) as name where name <> 'n'),
      '$1', '$2') using entries, moment;
  end if;
end $$;

create or replace function log.takes_rows(target text) returns void
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

create or replace function log.writable(target text) returns text
language plpgsql as $$
begin
  if to_regprocedure(format('log.%I(jsonb, timestamptz)', target)) is null then
    raise exception 'Only record tables and personal keys are written through the log, not %.', target;
  end if;
  return target;
end $$;

do $$
declare
  target text;
  stream text;
begin
  for target in
    select proname from pg_proc where pronamespace = 'log'::regnamespace and proname like '%.%' order by 1
  loop
    execute format('drop function log.%I(jsonb)', target);
    continue when target = 'business_time.calendar_span';
    if target like 'fold.%' then
      execute format('alter table %s add column appended_at timestamptz', target);
      -- A row beside a record is on that one's stream, and a membership on its person's.
      select case when target = 'fold.membership' then '''person/'' || r.person_id'
        when exists (select from pg_attribute where attrelid = target::regclass and attname = 'record') then 'r.record'
        else format('%L || r.id', split_part(target, '.', 2) || '/') end into stream;
      execute format('update %s r set appended_at = e.recorded_at from log.event e where e.stream = %s
        and e.version = r.version', target, stream);
    end if;
    perform log.takes_rows(target);
  end loop;
end $$;

-- Spans follow from what is in the log and keep no moment of their own.
create function log."business_time.calendar_span"(entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  perform business_time.write_spans(entry) from jsonb_array_elements(entries) as e(entry);
end $$;

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
