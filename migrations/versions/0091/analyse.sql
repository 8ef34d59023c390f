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
