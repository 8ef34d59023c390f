-- The windows of changes and freezes, and the configuration items that changes hold in theirs. All of it follows from
-- records: `ledgerdesk rebuild` makes it anew.
create schema schedule;

create table schedule.freeze_window (
  freeze_id uuid primary key,
  during tstzrange not null,
  everything boolean not null,
  services text[] collate "C" not null,
  ci_classes text[] collate "C" not null
);
create index freeze_window_during on schedule.freeze_window using gist (during);

create table schedule.change_window (
  change_id uuid primary key,
  during tstzrange not null,
  services text[] collate "C" not null,
  ci_classes text[] collate "C" not null,
  overrides text[] collate "C" not null
);
create index change_window_during on schedule.change_window using gist (during);

-- What a change touches, it holds for itself: its role is every number. What it merely needs, it shares with others
-- that need it: its role is its own number. The number of a change, and of an item, is the position of its first event.
create table schedule.booking (
  change_id uuid not null,
  ci_id uuid not null,
  ci_no bigint not null,
  role int8range not null,
  during tstzrange not null,
  overridden boolean not null,
  primary key (change_id, ci_id),
  constraint booking_free exclude using gist (int8range(ci_no, ci_no, '[]') with &&, role with &&, during with &&)
    where (not overridden)
);
-- The constraint leaves out what was scheduled over something else; the function below compares with that, too.
create index booking_item on schedule.booking using gist (int8range(ci_no, ci_no, '[]'), during);

create function schedule.number_of(stream text) returns bigint
language sql stable as $$
  select e.position from log.event e where (e.stream, e.version) = (number_of.stream, 1)
$$;

-- Whether a freeze of that scope concerns a change of those services and classes of items.
create function schedule.concerns(f schedule.freeze_window, services text[], ci_classes text[]) returns boolean
language sql immutable as $$
  select f.everything or f.services && concerns.services or f.ci_classes && concerns.ci_classes
$$;

-- The items that an item needs, by one relation, without retired ones.
create function schedule.needed_by(ci uuid) returns setof uuid
language sql stable as $$
  select n.id from (
    select r.to_ci_id as id from fold.ci_relation r where r.from_ci_id = ci and r.kind <> 'part_of'
    union all select r.from_ci_id from fold.ci_relation r where r.to_ci_id = ci and r.kind = 'part_of'
  ) as n
  where exists (select from fold.ci c where c.id = n.id and c.state <> 'retired')
$$;

-- entry = {"id", "from", "until" (null: without end), "touches": [ids], "needs": [ids], "services": [keys],
-- "ci_classes": [codes], "overrides": [streams], "checked", "walked"}; a change that holds nothing has no "from".
-- "checked" compares with what others hold, "walked" the items needed with the relations as they stand now: none is
-- missing, and none is held that is needed no more.
-- Called under the lock of the log's head, so that it sees whatever is booked already.
create function schedule.write_change(entry jsonb) returns void
language plpgsql as $$
declare
  change uuid := entry->>'id';
  span tstzrange := tstzrange((entry->>'from')::timestamptz, (entry->>'until')::timestamptz);
  over text[] := array(select jsonb_array_elements_text(entry->'overrides'));
  is_over boolean := exists (select from unnest(over) as o(stream) where o.stream like 'change/%');
  own bigint := schedule.number_of('change/' || change);
  mine schedule.change_window;
begin
  delete from schedule.booking b where b.change_id = change;
  delete from schedule.change_window w where w.change_id = change;
  if entry->>'from' is null then
    return;
  end if;
  insert into schedule.change_window values (change, span,
    array(select jsonb_array_elements_text(entry->'services')),
    array(select jsonb_array_elements_text(entry->'ci_classes')), over)
    returning * into mine;
  insert into schedule.booking (change_id, ci_id, ci_no, role, during, overridden)
    select change, c.id, schedule.number_of('ci/' || c.id), c.role, span, is_over from (
      select value::uuid as id, int8range(null, null) as role from jsonb_array_elements_text(entry->'touches')
      union all select value::uuid, int8range(own, own, '[]') from jsonb_array_elements_text(entry->'needs')
    ) as c;
  if (entry->>'walked')::boolean and (
    exists (
      select from schedule.booking b cross join lateral schedule.needed_by(b.ci_id) as n(id)
      where b.change_id = change
        and n.id not in (select o.ci_id from schedule.booking o where o.change_id = change)
    ) or (
      with recursive reached(id) as (
        select value::uuid from jsonb_array_elements_text(entry->'touches')
        union select n.id from reached r cross join lateral schedule.needed_by(r.id) as n(id)
        where n.id in (select b.ci_id from schedule.booking b where b.change_id = change)
      )
      select count(*) <> (select count(*) from schedule.booking b where b.change_id = change) from reached
    )
  ) then
    raise exception using errcode = 'exclusion_violation', constraint = 'booking_walk',
      message = 'The items need others by now.';
  end if;
  if not (entry->>'checked')::boolean then
    return;
  end if;
  if exists (
    select from schedule.booking b join schedule.booking o
      on int8range(o.ci_no, o.ci_no, '[]') && int8range(b.ci_no, b.ci_no, '[]') and o.during && b.during
        and o.role && b.role and o.change_id <> b.change_id
        and not 'change/' || o.change_id = any(over)
    where b.change_id = change
  ) then
    raise exception using errcode = 'exclusion_violation', constraint = 'booking_free',
      message = 'Another change holds an item at that time.';
  end if;
  if exists (
    select from schedule.freeze_window f where f.during && span and not 'freeze/' || f.freeze_id = any(over)
      and schedule.concerns(f, mine.services, mine.ci_classes)
  ) then
    raise exception using errcode = 'exclusion_violation', constraint = 'change_window_frozen',
      message = 'There is a freeze at that time.';
  end if;
end $$;

-- entry = {"id", "from", "until", "everything", "services", "ci_classes", "hits": [ids of changes], "checked"}; a
-- freeze that is withdrawn has no "from".
create function schedule.write_freeze(entry jsonb) returns void
language plpgsql as $$
declare
  mine schedule.freeze_window;
begin
  delete from schedule.freeze_window f where f.freeze_id = (entry->>'id')::uuid;
  if entry->>'from' is null then
    return;
  end if;
  insert into schedule.freeze_window values ((entry->>'id')::uuid,
    tstzrange((entry->>'from')::timestamptz, (entry->>'until')::timestamptz), (entry->>'everything')::boolean,
    array(select jsonb_array_elements_text(entry->'services')),
    array(select jsonb_array_elements_text(entry->'ci_classes')))
    returning * into mine;
  if (entry->>'checked')::boolean and exists (
    select from schedule.change_window w where w.during && mine.during
      and schedule.concerns(mine, w.services, w.ci_classes) and not entry->'hits' ? w.change_id::text
  ) then
    raise exception using errcode = 'exclusion_violation', constraint = 'freeze_window_hits',
      message = 'Another change was scheduled in it.';
  end if;
end $$;

create function log."schedule.change_window"(entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  perform schedule.write_change(entry) from jsonb_array_elements(entries) as e(entry);
end $$;

create function log."schedule.freeze_window"(entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  perform schedule.write_freeze(entry) from jsonb_array_elements(entries) as e(entry);
end $$;
