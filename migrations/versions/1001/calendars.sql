-- When it counts, and what was said of that, version by version.
create table fold.calendar (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name text collate "C" not null,
  time_zone text collate "C" not null,
  newest_id uuid not null,
  revision integer not null,
  added_at timestamptz not null,
  retired_at timestamptz,
  appended_at timestamptz
);
create index calendar_added on fold.calendar (added_at desc, id desc);
create index calendar_name on fold.calendar (name, id);

create table fold.calendar_version (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  revision integer not null,
  time_zone text collate "C" not null,
  weekly jsonb not null,
  weekly_from jsonb not null,
  public_holidays jsonb not null,
  holidays jsonb not null,
  struck text[] collate "C" not null,
  working_days jsonb not null,
  provisional_years integer[] not null,
  published_at timestamptz not null,
  appended_at timestamptz,
  unique (record, revision)
);
create index calendar_version_published on fold.calendar_version (record, published_at, id);

-- Business time in SQL: for each version of a calendar the spans of UTC that count, with running sums.
--
-- A version's first row is empty, and says from when on its spans are known; its last one has no sum, and says until
-- when. So whatever is asked of a time outside gives null, and never a number that is wrong.
create schema business_time;

create table business_time.calendar_span (
  version uuid not null,
  starts timestamptz not null,
  ends timestamptz not null,
  seconds_before bigint,
  primary key (version, starts) include (ends, seconds_before)
);
create index calendar_span_sum on business_time.calendar_span (version, seconds_before, starts) include (ends);

-- entry = {"id" of the version, "since", "until", "spans": [[first second, second behind it], …]}, in seconds since 1970.
create function business_time.write_spans(entry jsonb) returns void
language sql as $$
  delete from business_time.calendar_span where version = (entry->>'id')::uuid;
  with span as (
    select (s.at->>0)::bigint as starts, (s.at->>1)::bigint as ends
      from jsonb_array_elements(entry->'spans') as s(at)
  )
  insert into business_time.calendar_span (version, starts, ends, seconds_before)
    select (entry->>'id')::uuid, to_timestamp(starts), to_timestamp(ends), before from (
      select starts, ends, (sum(ends - starts) over (order by starts))::bigint - (ends - starts) as before from span
      union all select (entry->>'since')::bigint, (entry->>'since')::bigint, 0
        where not exists (select from span where starts = (entry->>'since')::bigint)
      union all select (entry->>'until')::bigint, (entry->>'until')::bigint, null
    ) as row;
$$;

-- Spans follow from what is in the log and keep no moment of their own.
create function log."business_time.calendar_span"(entries jsonb, moment timestamptz) returns void
language plpgsql as $$
begin
  perform business_time.write_spans(entry) from jsonb_array_elements(entries) as e(entry);
end $$;

-- The seconds that count from the one instant up to the other, negative if that is earlier; null where it is not
-- known. One probe of an index for each of the two; `offset 0` keeps them from being copied to wherever the answer is
-- used. For use in FROM, where it becomes a part of the statement:
--   select c.id, b.seconds from cases c cross join lateral business_time.seconds_between(c.version, c.from, c.to) b
create function business_time.seconds_between(calendar_version uuid, first timestamptz, last timestamptz)
returns table (seconds bigint)
language sql stable parallel safe as $$
  select (select s.seconds_before + floor(extract(epoch from least(s.ends, last) - s.starts))::bigint
            from business_time.calendar_span s
           where s.version = calendar_version and s.starts <= last order by s.starts desc limit 1)
       - (select s.seconds_before + floor(extract(epoch from least(s.ends, first) - s.starts))::bigint
            from business_time.calendar_span s
           where s.version = calendar_version and s.starts <= first order by s.starts desc limit 1)
  offset 0
$$;

-- The first instant by which so many seconds (one at least) have counted since the first one: at a closing, the
-- closing; null where it is not known.
create function business_time.due_at(calendar_version uuid, first timestamptz, seconds bigint)
returns table (due_at timestamptz)
language sql stable parallel safe as $$
  select (select case when d.starts + make_interval(secs => t.total - d.seconds_before) <= d.ends
                 then d.starts + make_interval(secs => t.total - d.seconds_before) end
            from business_time.calendar_span d
           where d.version = calendar_version and d.seconds_before < t.total
           order by d.seconds_before desc, d.starts desc limit 1)
    from (select (select s.seconds_before + floor(extract(epoch from least(s.ends, first) - s.starts))::bigint
                    from business_time.calendar_span s
                   where s.version = calendar_version and s.starts <= first order by s.starts desc limit 1)
                 + due_at.seconds as total
          offset 0) as t
  offset 0
$$;
