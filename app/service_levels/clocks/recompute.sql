-- Computes running clocks of a calendar anew by its version `version`, from when they ran: those whose ids come after
-- `after`, at most `most` of them. What a clock says by `now` may change with it; then its stream is looked at at once.
-- Returns how many there were, and the last of their ids.
with chosen as materialized (
  select id, runs, target_seconds, warning_seconds, marks, counted_at, living, position, calendar_version, breaches_at
  from sla.clock
  where calendar = %(calendar)s and id > %(after)s::uuid and stopped_at is null and state in ('running', 'paused')
    and not retargeted
  order by id limit %(most)s
),
-- When each ran, what of that counts up to the last event, and up to now: by the version, and by the one before.
stretch as materialized (
  select id, n, runs[2 * n] is null as open, since.at as since, counted.seconds, by_now.seconds as seconds_now,
    by_then.seconds as seconds_before
  from chosen cross join lateral generate_series(1, (cardinality(runs) + 1) / 2) as n
  cross join lateral (select to_timestamp(runs[2 * n - 1]) as at offset 0) since
  cross join lateral (
    select coalesce(to_timestamp(runs[2 * n]), greatest(counted_at, since.at)) as last,
      coalesce(to_timestamp(runs[2 * n]), greatest(%(now)s::timestamptz, since.at)) as last_now offset 0
  ) until
  cross join lateral business_time.seconds_between(%(version)s::uuid, since.at, until.last) counted
  cross join lateral business_time.seconds_between(%(version)s::uuid, since.at, until.last_now) by_now
  cross join lateral business_time.seconds_between(calendar_version, since.at, until.last_now) by_then
),
summed as materialized (
  select *, coalesce(sum(seconds) over (partition by id order by n rows between unbounded preceding and 1 preceding), 0)::bigint as before
  from stretch
),
-- Where the spans do not reach, the engine has to be asked.
total as materialized (
  select id, bool_or(open) as running, sum(seconds)::bigint as elapsed, sum(seconds_now)::bigint as elapsed_now,
    sum(seconds_before)::bigint as elapsed_before
  from summed group by id having bool_and(seconds is not null and seconds_now is not null and seconds_before is not null)
),
asked as (
  select chosen.id, what, wanted
  from chosen join total using (id)
  cross join lateral (
    values ('due', target_seconds), ('breach', target_seconds + 1), ('warned', warning_seconds),
      ('mark', case when living then (select min(mark) from unnest(marks) as mark where mark > elapsed_now) end)
  ) as instant(what, wanted)
  where wanted is not null
),
reached as materialized (
  select asked.id, max(due.due_at) filter (where what = 'due') as due_at,
    max(due.due_at) filter (where what = 'breach') - interval '1 second' as breaches_at,
    max(due.due_at) filter (where what = 'warned') as warned_at, max(due.due_at) filter (where what = 'mark') as mark_at
  from asked join summed on summed.id = asked.id
    and summed.before < asked.wanted and (summed.open or summed.before + summed.seconds >= asked.wanted)
  cross join lateral business_time.due_at(%(version)s::uuid, summed.since, asked.wanted - summed.before) due
  group by asked.id
),
anew as materialized (
  select chosen.id, chosen.position, total.elapsed, reached.due_at, reached.breaches_at, reached.warned_at,
    case
      when not chosen.living then null
      when (select count(*) from unnest(marks) as mark where mark <= elapsed_before)
        <> (select count(*) from unnest(marks) as mark where mark <= elapsed_now)
        -- A breach that is said to have been at another time is withdrawn, and said again.
        or (chosen.breaches_at is distinct from reached.breaches_at
          and least(chosen.breaches_at, reached.breaches_at) <= %(now)s::timestamptz) then %(now)s::timestamptz
      else reached.mark_at
    end as next_at
  from chosen join total using (id) left join reached using (id)
  where not total.running or (reached.due_at is not null and reached.breaches_at is not null)
),
written as (
  update sla.clock c set calendar_version = %(version)s::uuid, elapsed_seconds = anew.elapsed, due_at = anew.due_at,
    breaches_at = anew.breaches_at, breached_at = case when anew.breaches_at < c.counted_at then anew.breaches_at end,
    first_warned_75_at = anew.warned_at
  from anew
  where c.id = anew.id and c.position = anew.position and c.calendar_version is distinct from %(version)s::uuid
    -- What a breach is cut by may be other news where the breach moves in the past.
    and coalesce(least(anew.breaches_at, c.breaches_at) > c.counted_at, true)
  returning c.id, c.living, anew.next_at
),
unset as (
  -- One that is due already has something to say of what was before.
  delete from plumbing.timer where rule = %(rule)s and due_at > %(now)s::timestamptz
    and stream = any (array(select 'clock/' || id from written where living and next_at is null))
),
set_anew as (
  insert into plumbing.timer as old (rule, stream, due_at)
    select %(rule)s, 'clock/' || id, next_at from written where next_at is not null
  on conflict (rule, stream) do update set due_at = excluded.due_at
    where old.due_at > %(now)s::timestamptz and old.due_at <> excluded.due_at
)
select count(*), max(id::text) from chosen
