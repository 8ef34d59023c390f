-- Incidents by the hundred thousand, straight into the log and the fold, as the commands would have written them: each
-- is reported, assigned to a member of its team, acknowledged, resolved and closed; one in ten is reopened; some stay
-- open. Those of one call are in the log by when things happened. For a PostgreSQL of the benchmark's own, as its superuser.

create schema if not exists bench;
create table bench.team (n integer primary key, id uuid not null);
create table bench.person (n integer primary key, id uuid not null);
create table bench.words (n integer primary key, encrypted text not null);

create function bench.instant(at timestamptz) returns text
language sql immutable as $$ select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- The incidents from number `first` to `last`, opened one after the other between `begins` and `ends`, up to what has
-- become of them by `present`. Gives the number of events.
create function bench.make_cases(first integer, last integer, begins timestamptz, ends timestamptz, present timestamptz)
returns bigint
language plpgsql as $$
declare
  head log.head;
  moment timestamptz;
  events bigint;
begin
  perform setseed(first / 1e9);

  create temp table made on commit drop as
  select ended.n, ended.id, 'incident/' || ended.id as stream,
    format('INC-%s-%s', extract(year from opened_at), 1000000 + ended.n) as number,
    'Mail does not arrive at desk ' || ended.n as title, grade / 3 + 1 as impact, grade % 3 + 1 as urgency,
    (array['P1', 'P2', 'P3', 'P2', 'P3', 'P4', 'P3', 'P4', 'P4'])[grade + 1] as priority,
    (array['hotline', 'portal', 'email', 'monitoring'])[1 + (random() * 3)::integer] as channel,
    'service-' || (random() * 19)::integer as service, 'category-' || (random() * 11)::integer as category,
    -- In one of fifty the service is down.
    case when ended.n % 50 = 0 then 'down' else 'degraded' end as effect, team.id as team_id, requester.id as requester_id, assignee.id as assignee_id, words.encrypted as words,
    opened_at, assigned_at, acknowledged_at, resolved_at, reopened_at, resolved_again_at,
    coalesce(resolved_again_at, resolved_at) + random() * interval '3 days' as closed_at
  from (
    select *, reopened_at - ln(1 - random()) * interval '8 hours' as resolved_again_at
    from (
      select *, case when random() < 0.1 then resolved_at + random() * interval '1 day' end as reopened_at
      from (
        select *, case when random() > 0.01 then acknowledged_at - ln(1 - random()) * interval '1 day' end as resolved_at
        from (
          select *, assigned_at + random() * interval '1 hour' as acknowledged_at
          from (
            select *, opened_at + random() * interval '30 minutes' as assigned_at
            from (
              select n, uuidv7() as id, (random() * 8)::integer as grade, (random() ^ 2 * 19)::integer as team_n,
                (random() * 59)::integer as requester_n, floor(random() * 3)::integer as member_n,
                begins + (n - first + random()) / (last - first + 1) * (ends - begins) as opened_at
              from generate_series(first, last) as n
            ) opened
          ) assigned
        ) acknowledged
      ) resolved
    ) reopened
  ) ended
  join bench.team on team.n = team_n
  join bench.person requester on requester.n = requester_n
  join bench.person assignee on assignee.n = team_n + 20 * member_n
  join bench.words on words.n = ended.n % (select count(*) from bench.words);

  -- A step that has no time did not happen, one that lies in the future not yet.
  create temp table told on commit drop as
  select n, stream, row_number() over (partition by n order by place)::integer as version, kind, at, actor, given, news
  from made cross join lateral (values
    (1, 'reported', opened_at, requester_id,
      format('"category":"%s","channel":"%s","description":"%s","effect":"%s","impact":"%s","service":"%s","title":"%s","urgency":"%s"',
        category, channel, words, effect, impact, service, title, urgency),
      format('"category":"%s","channel":"%s","description":"%s","effect":"%s","impact":"%s","number":"%s","opened_at":"%s","priority":"%s","requester_id":"%s","service":"%s","state":"new","state_since":"%s","title":"%s","urgency":"%s"',
        category, channel, words, effect, impact, number, bench.instant(opened_at), priority, requester_id, service,
        bench.instant(opened_at), title, urgency)),
    (2, 'assigned', assigned_at, assignee_id, format('"person":"%s","team":"%s"', assignee_id, team_id),
      format('"assignee_id":"%s","team_id":"%s"', assignee_id, team_id)),
    (3, 'acknowledged', acknowledged_at, assignee_id, '',
      format('"acknowledged_at":"%1$s","state":"acknowledged","state_since":"%1$s"', bench.instant(acknowledged_at))),
    (4, 'resolved', resolved_at, assignee_id, format('"done":"%s","resolution_code":"fixed"', words),
      format('"resolution":"%1$s","resolution_code":"fixed","resolved_at":"%2$s","service_restored_at":"%2$s","state":"resolved","state_since":"%2$s"',
        words, bench.instant(resolved_at))),
    (5, 'reopened', reopened_at, requester_id, format('"reason":"%s"', words),
      format('"resolution":null,"resolution_code":null,"resolved_at":null,"service_restored_at":null,"started_at":"%1$s","state":"in_progress","state_since":"%1$s"',
        bench.instant(reopened_at))),
    (6, 'resolved', resolved_again_at, assignee_id, format('"done":"%s","resolution_code":"fixed"', words),
      format('"resolution":"%1$s","resolution_code":"fixed","resolved_at":"%2$s","service_restored_at":"%2$s","state":"resolved","state_since":"%2$s"',
        words, bench.instant(resolved_again_at))),
    (7, 'closed', closed_at, requester_id, '',
      format('"closed_at":"%1$s","state":"closed","state_since":"%1$s"', bench.instant(closed_at)))
  ) as step(place, kind, at, actor, given, news)
  where at <= present;

  select * into strict head from log.head for update;
  moment := greatest(head.recorded_at + interval '1 microsecond', clock_timestamp());
  insert into log.event (position, recorded_at, occurred_at, id, version, schema_version, staff_only, stream, type,
                         actor, correlation_id, source, data)
    select head.position + row_number() over (order by at, n, version),
      moment, at, uuidv7(), version, 1, false, stream,
      'incident.' || kind, 'person:' || actor, 'bench', 'api',
      convert_to(format('{"given":{%s},"set":{"%s":{%s}}}', given, stream, news), 'UTF8')
    from told;
  get diagnostics events = row_count;
  update log.head h set position = h.position + events, recorded_at = moment;

  insert into log.stream_head (stream, kind, version, audience)
    select stream, 'incident', max(version), array['person:' || assignee_id, 'person:' || requester_id,
      case when max(version) > 1 then 'team:' || team_id else 'desk' end]
    from made join told using (n, stream) group by stream, assignee_id, requester_id, team_id;

  insert into fold.incident (id, version, changed_at, appended_at, number, state, state_since, title, description, channel, impact,
      urgency, priority, effect, service, category, requester_id, team_id, assignee_id, opened_at, acknowledged_at,
      started_at, resolved_at, resolution_code, resolution, service_restored_at, closed_at)
    select id, version, changed_at, moment, number, state,
      case when state = 'new' then opened_at else changed_at end, title,
      words, channel, impact::text, urgency::text, priority, effect, service, category, requester_id,
      case when version > 1 then team_id end, case when version > 1 then assignee_id end, opened_at,
      case when acknowledged_at <= present then acknowledged_at end, case when reopened_at <= present then reopened_at end,
      restored_at, case when restored_at is not null then 'fixed' end, case when restored_at is not null then words end,
      restored_at, case when state = 'closed' then changed_at end
    from made
    join (
      select n, max(version) as version, max(at) as changed_at,
        case (array_agg(kind order by version desc))[1] when 'reported' then 'new' when 'assigned' then 'new'
          when 'reopened' then 'in_progress' else (array_agg(kind order by version desc))[1] end as state
      from told group by n
    ) stands using (n)
    cross join lateral (
      select case when state in ('resolved', 'closed') then coalesce(
        case when resolved_again_at <= present then resolved_again_at end, resolved_at) end as restored_at
    ) restored;

  drop table made, told;
  return events;
end $$;
