-- Makes the partitions that are not there yet, up to the second after the one that is written to. Each is made apart,
-- as the newest is, and attached when it is whole: whoever reads or writes the log waits for nothing. Returns how many.
create function log.make_partitions() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  per_partition constant bigint := 10000000;
  ahead constant integer := 2;
  newest regclass;
  number integer;
  target text;
  privilege record;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('log.make_partitions', 1));
  loop
    select i.inhrelid::regclass, substring(c.relname from 'event_([0-9]+)')::integer + 1 into strict newest, number
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'log.event'::regclass order by 2 desc limit 1;
    exit when number > (select position / per_partition + ahead from log.head);

    target := format('log.%I', format('event_%s', to_char(number, 'FM0000')));
    execute format('create table %s (like %s including all) with (toast_tuple_target = 4080)', target, newest);
    execute format('create trigger append_only before update or delete or truncate on %s
      for each statement execute function log.refuse_change()', target);
    execute format('alter table %s enable always trigger append_only', target);
    for privilege in
      select a.privilege_type as name, a.grantee::regrole::text as grantee
        from pg_class c, aclexplode(c.relacl) as a
        where c.oid = newest and a.grantee not in (0, c.relowner)
    loop
      execute format('grant %s on %s to %s', privilege.name, target, privilege.grantee);
    end loop;
    execute format('alter table log.event attach partition %s for values from (%s) to (%s)',
      target, number * per_partition + 1, (number + 1) * per_partition + 1);
    made := made + 1;
  end loop;
  return made;
end $$;
