-- Facts of incidents. statements.py makes the statement: it fills in the parts named in braces, and a replacement of rows
-- for each table in tables.py. If you change a fact, also raise SHAPE in consumer.py, so that all facts are built again,
-- and change the second definition of its KPIs in raw/incident/<key>.sql: `as_of` is answered by it, and the
-- reconciliation compares both.
--
-- The statement replaces the facts of all incidents that have events from position `first` to `last`, from all their
-- events up to `last`. So neither the size of the spans nor the order in which events arrive changes the result.
--
-- | Part | One row for each |
-- |---|---|
-- | begun | incident with events before `first` |
-- | recorded, said, told | event, with the fields that facts need |
-- | costed; news, moved | incident whose cost is known; later correction of an earlier event |
-- | placed | event in the order of the case, with its corrections |
-- | standing, decided | event that matters, with the state of the case after it and the outcome of the whole case |
-- | teams, reassigned, handed_over, answered | incident: who had it, and who answered |
-- | fact | event of `decided`, in the columns that all tables of facts share |
-- | agreed, timed, clocked | case with its agreement; fact with the calendar by which its time counts; clock that counts (hours.sql) |
-- | left_again, reopening, left_resolution, taken_up | resolution that did not last |
-- | incident_opened and all other incident_… | fact: the rows of the table of that name in schema kpi |

-- Incidents that had begun before, and the version at which they continue.
with begun as (
  select case_id, 'incident/' || case_id as stream, next_version
  from unnest(%(begun)s::uuid[], %(next_versions)s::integer[]) as begun(case_id, next_version)
),
recorded as (
  (
    select stream, position, version, occurred_at, recorded_at, source, type, actor, on_behalf_of, data from log.told
    where position between %(first)s and %(last)s
      -- `starts_with` would be taken to an index of all streams. Of a `case` the planner believes that it holds for half of
      -- the events, of anything else here that it holds for next to none.
      and case when left(stream, 9) = 'incident/' then kpi.share(stream, %(shares)s) = %(share)s end
    offset 0 -- so that `data` is read once, here and below
  )
  union all
  -- Earlier events: one index probe for each incident that had begun, whatever the planner estimates.
  select old.* from begun
  cross join lateral (
    select stream, position, version, occurred_at, recorded_at, source, type, actor, on_behalf_of, data from log.told
    where stream = begun.stream and version < begun.next_version and position < %(first)s
    offset 0
  ) old
),
said as (
  select *, data->'set'->stream as set_then, data->'late'->stream as set_late from recorded offset 0
),
told as (
  select split_part(stream, '/', 2)::uuid as case_id, position, version, version > 1 as later, occurred_at, type,
    case
      when type in ('incident.reported', 'incident.acknowledged', 'incident.started', 'incident.held',
                    'incident.resumed', 'incident.reopened') then 'open'
      when type = 'incident.resolved' then 'resolved'
      when type = 'incident.closed' then 'closed'
      when type in ('incident.cancelled', 'incident.marked_duplicate') then 'void'
    end as mark,
    type in ('incident.acknowledged', 'incident.started') and actor not like 'rule:%%' as answers,
    case when starts_with(actor, 'person:') then actor end as person,
    -- The author of a comment, which a tool may bring on behalf of a person.
    case when type = 'incident.commented' then coalesce(on_behalf_of, actor) end as speaker,
    case when not starts_with(source, 'import:') then recorded_at end as recorded_at,
    source,
    data ? 'observed' as observed,
    data ? 'irregular' as irregular,
    (data->>'instead')::integer as instead,
    -- Another system may reopen a case and let it wait at once.
    type = 'incident.held' or (type = 'incident.reopened' and fields->>'state' = 'on_hold') as holds,
    (set_then->>'opened_at')::timestamptz as opening,
    case when type in ('incident.work_logged', 'incident.work_reversed', 'incident.cost_booked', 'incident.cost_reversed')
      then data->'set' end as entries,
    case when fields ?| array['priority', 'team_id', 'service', 'channel', 'category', 'assignee_id', 'customer_id',
                              'requester_id', 'effect', 'effect_reported_at', 'began_at', 'service_restored_at', 'declared_major_at',
                              'review_due_at', 'reopen_days', 'ci', 'alert_source']
      -- Without what is long, and what almost every event sets, there is less to carry along.
      then fields - array['title', 'description', 'resolution', 'cause', 'number', 'state', 'state_since', 'opened_at',
                          'impact', 'urgency'] end as dimensions
  -- A late report holds for its own time. It was not set then, because a later event had already set the field.
  from (select *, coalesce(set_late || set_then, set_then, set_late) as fields from said offset 0) all_told
),
-- The cost, known if all logged work has a rate and all entries are in one currency. Reversed entries and their
-- counter-entries cancel out. Sums are kept in sixtieths, since rates are per hour; since version 2 each entry is rounded,
-- so that the entries add up to the sum.
costed as (
  select case_id, round(max(sixtieths) * 100 / 60)::bigint as cost, max(rounded)::bigint as rounded_cost, max(currency) as currency
  from (
    select case_id, currency, sum(minutes) as minutes, sum(sixtieths) as sixtieths, sum(round(sixtieths * 100 / 60)) as rounded
    from (
      select case_id, entry->>'currency' as currency, coalesce((entry->>'minutes')::bigint, 0) as minutes,
        coalesce((entry->>'minutes')::numeric * (entry->>'rate')::numeric, 60 * (entry->>'amount')::numeric, 0)
          as sixtieths
      from (select case_id, jsonb_path_query(entries, '$.*') as entry from told where entries is not null) told_of
    ) entered
    group by case_id, currency
  ) together
  where minutes <> 0 or sixtieths <> 0
  group by case_id having sum(minutes) > 0 and count(*) = 1 and max(currency) is not null
),
-- Corrections that came later: of an opening, its time and the fields that held then; of any other event, the number of
-- the event that replaces it. Old logs state the fields of an opening in the event that moved it.
news as (
  select case_id, version, occurred_at, opening, instead, dimensions, person, irregular from told
  where version > 1 and (opening is not null or instead is not null)
),
moved as (
  select case_id, 1 as version, false as gone,
    (array_agg(opening order by news.version desc) filter (where opening is not null))[1] as moved_to,
    coalesce((array_agg(coalesce(dimensions, '{}') order by news.version desc) filter (where instead = 1))[1],
             (array_agg(dimensions order by news.version desc) filter (where occurred_at <= opening))[1]) as retold,
    (array_agg(person order by news.version desc) filter (where instead = 1))[1] as person_then,
    (array_agg(irregular order by news.version desc) filter (where instead = 1))[1] as irregular_then
  from news group by case_id
  union all
  select case_id, case when instead = 1 then version else instead end, true, null, null, null, null
  from news where instead is not null
),
-- The order of a case: its opening, then by the time of each event, then by position in the log. All windows
-- below order by the same columns, so that rows are sorted once.
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(dimensions) over in_order as known
  from (
    select case_id, position, later, recorded_at, type, mark, answers, observed, holds, speaker,
      -- The tool that reported the case; for an alert, the tool that it names.
      case when version = 1
        then coalesce(coalesce(dimensions || retold, retold, dimensions)->>'alert_source', source) end as teller,
      case when irregular_then is null then person else person_then end as person,
      coalesce(irregular_then, irregular) as irregular,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) end as opened_at,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) else occurred_at end as occurred_at,
      coalesce(dimensions || retold, retold, dimensions) as dimensions
    from told left join moved using (case_id, version)
    where gone is not true
  ) corrected
  window in_order as (partition by case_id order by later, occurred_at, position)
),
-- The state of the case after each event: the places of the last events of each kind up to it.
standing as (
  select case_id, place, position, later, occurred_at, recorded_at, type, mark, answers, person, teller, observed, irregular,
    opened_at, known, dimensions->>'team_id' as team_named, dimensions->>'assignee_id' as holder_named,
    dimensions ? 'service_restored_at' as tells_restored, dimensions->>'service_restored_at' as restored_named,
    max(place) filter (where mark = 'open') over in_order as open_place,
    max(place) filter (where mark = 'void') over in_order as void_place,
    max(place) filter (where type = 'incident.marked_duplicate') over in_order as duplicate_place,
    max(place) filter (where mark is not null and type <> 'incident.cancelled') over in_order as other_place,
    min(place) filter (where mark in ('resolved', 'closed')) over in_order as first_ended_place,
    max(place) filter (where mark in ('resolved', 'closed')) over in_order as ended_place,
    max(place) filter (where mark = 'closed') over in_order as closed_place,
    max(place) filter (where holds) over in_order as held_place,
    min(place) filter (where place > 1 and mark is not null and type <> 'incident.reported') over in_order as leaves_new,
    coalesce(bool_or(answers and type = 'incident.started') over in_order, false) as started,
    -- The requester has commented since.
    coalesce(bool_or(speaker = 'person:' || (known->>'requester_id')) over in_order, false)
      as asked_again
  from placed
  -- All other events change nothing that a fact counts.
  where place = 1 or mark is not null or dimensions is not null or irregular
    or type in ('incident.commented', 'incident.reviewed', 'incident.declared_major', 'incident.downgraded')
    or person = 'person:' || (known->>'assignee_id')
  window in_order as (partition by case_id order by later, occurred_at, position)
),
-- Adds what holds for the case as a whole. An episode is named by the place of the last event before it. The
-- columns that rows are searched by come first, since PostgreSQL reads a row only up to the last column that it needs.
decided as materialized (
  select case_id, place, mark, type,
    min(place) filter (where answers or (observed and place = leaves_new)) over whole as response,
    coalesce(min(place) filter (where mark = 'resolved' and before_place < first_ended_place) over whole,
             max(place) filter (where mark = 'closed' and before_place < first_ended_place) over whole) as first_resolution,
    coalesce(
      case when max(place) filter (where mark = 'resolved') over whole > max(before_place) over whole
        then max(place) filter (where mark = 'resolved') over whole end,
      case when max(place) filter (where mark = 'closed') over whole > max(before_place) over whole
        then max(place) filter (where mark = 'closed') over whole end) as resolution,
    -- Marking a duplicate closes the case and does not resolve it.
    max(place) filter (where mark = 'closed' or type = 'incident.marked_duplicate') over whole as closing,
    person = 'person:' || (known->>'assignee_id') as own, team_named, holder_named, before_place,
    max(before_place) over whole as before_last, ended_place, later, occurred_at, position,
    known->>'priority' as priority, (known->>'team_id')::uuid as team_id, known->>'service' as service,
    known->>'channel' as channel, known->>'category' as category, (known->>'assignee_id')::uuid as assignee_id,
    (known->>'customer_id')::uuid as customer_id, known->>'ci' as ci,
    max(opened_at) over whole as opened_at, max(position) filter (where place = 1) over whole as opened_position,
    bool_or(irregular) over whole as any_irregular, max(teller) over whole as source,
    case when max(void_place) over whole > coalesce(greatest(max(open_place) over whole, max(ended_place) over whole), 0)
      then case when max(duplicate_place) over whole = max(void_place) over whole then 'duplicate' else 'cancelled' end
      end as excluded,
    open_place, closed_place, held_place,
    -- A cancelled case cannot continue. If it does, the cancellation was reversed.
    greatest(duplicate_place, case when void_place > max(other_place) over whole then void_place end) as gone_place,
    -- A case was reopened if an open state follows an end.
    coalesce(max(open_place) over whole > min(ended_place) over whole, false) as reopened,
    person, started, asked_again, observed, recorded_at,
    known->>'effect' as effect, known->>'effect_reported_at' as effect_reported, known->>'began_at' as began_named, tells_restored, restored_named,
    -- Needed for resolutions only.
    case when mark in ('resolved', 'closed') then known end as known_then
  from (select *, greatest(open_place, void_place, 0) as before_place from standing) episodes
  window whole as (partition by case_id order by later, occurred_at, position
                   rows between unbounded preceding and unbounded following)
),
-- Teams and assignees of a case. The first team is not a change of team, and a time without team is not either: A, none,
-- B is one change. A team got the case back if it had it before. The same holds for persons while the team stays the same.
teams as (
  select case_id, place, position, team_named, lag(team_named) over in_order as team_before,
    row_number() over (partition by case_id, team_named order by place) > 1 as had_before
  from decided where team_named is not null
  window in_order as (partition by case_id order by later, occurred_at, position)
),
reassigned as (
  select case_id, (array_agg(team_named order by place))[1]::uuid as first_team_id, count(*) filter (where team_named <> team_before)::integer as reassignments,
    bool_or(team_named <> team_before and had_before) as came_back
  from teams group by case_id
),
handed_over as (
  select case_id, (array_agg(holder_named order by place))[1]::uuid as first_assignee_id,
    count(*) filter (where holder_named <> holder_before and team_id is not distinct from team_before)::integer as handovers
  from (
    select *, lag(team_id) over in_order as team_before
    from (
      select case_id, place, later, occurred_at, position, holder_named, team_id,
        lag(holder_named) over in_order as holder_before
      from decided where holder_named is not null
      window in_order as (partition by case_id order by later, occurred_at, position)
    ) named
    -- Naming the same person again is not a handover, and its event may be missing if reports arrive in another order.
    where holder_named is distinct from holder_before
    window in_order as (partition by case_id order by later, occurred_at, position)
  ) holders
  group by case_id
),
answered as (
  select case_id, max(person) filter (where place = response) as responder,
    -- A review before the resolution does not count.
    min(occurred_at) filter (where type = 'incident.reviewed' and ended_place > before_last) as reviewed_at
  from decided where place = response or type = 'incident.reviewed' group by case_id
),
-- Not materialized: most readers need one or two rows of each case.
fact as not materialized (
  select case_id, place, occurred_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, ci,
    excluded, any_irregular as irregular, position, opened_position, opened_at, observed, reopened,
    round(extract(epoch from occurred_at - opened_at))::bigint as seconds, null::bigint as business_seconds,
    response, first_resolution, resolution, closing, person, started, asked_again, held_place is not null as held,
    known_then, recorded_at, source
  from decided
),
{hours}-- Resolutions that did not last; most cases have none. The next event in the order of the case ended the episode.
left_again as (
  select *, max(place) filter (where mark = 'resolved') over episode as last_resolved,
    max(place) over episode as last_ended,
    max(next_at) filter (where next_mark = 'open') over episode as reopened_at
  from (
    select *, lead(mark) over life as next_mark, lead(occurred_at) over life as next_at
    from decided
    where ended_place is not null and mark is not null and (place = before_place or before_place < before_last)
    window life as (partition by case_id order by place)
  ) turns
  where mark in ('resolved', 'closed')
  window episode as (partition by case_id, before_place)
),
-- The time within which a reopening counts as the same incident: as agreed, or a week.
reopening as (
  select case_id, make_interval(hours => 24 * coalesce(
    (array_agg(dimensions->>'reopen_days' order by place desc) filter (where dimensions ? 'reopen_days'))[1]::integer,
    max(reopen_days), 7)) as within
  from placed left join agreed using (case_id) where case_id in (select case_id from left_again) group by case_id
),
-- Every resolution but the last, and whether the case was reopened within that time.
left_resolution as (
  select left_again.*, coalesce(reopened_at <= occurred_at + within, false) as reopened_soon
  from left_again join reopening using (case_id) where place = coalesce(last_resolved, last_ended)
),
taken_up as (
  select distinct case_id from left_resolution where reopened_soon
),
-- An opening counts for the first team, whenever it was assigned: few incidents have a team when they are opened.
incident_opened as (
  select case_id, opened_at as at, priority, first_team_id as team_id, service, channel, category,
    first_assignee_id as assignee_id, customer_id, excluded, irregular, position, opened_position, recorded_at, source,
    ended_at, ended_seconds, ended_at is not null and case_id not in (select case_id from taken_up) as settled, ci,
    case when recorded_at is not null then greatest(round(extract(epoch from recorded_at - opened_at))::bigint, 0) end
      as recorded_seconds
  from fact left join reassigned using (case_id) left join handed_over using (case_id)
  left join (
    select case_id, at as ended_at, greatest(seconds, 0) as ended_seconds from fact where place = resolution
  ) ended using (case_id)
  where place = 1
),
incident_responded as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
    position, opened_position, greatest(timed.seconds, 0) as seconds, greatest(coalesce(
      -- A P1 is answered round the clock.
      case when timed.seconds >= 0 and priority is distinct from 'P1' then coalesce(ran.seconds, counted.seconds) end,
      timed.seconds), 0) as business_seconds, observed as inferred, timed.seconds < 0 as skewed
  from timed left join (
    select case_id, calendar_version, runs from clocked where metric = 'response' and state <> 'excluded'
  ) clock using (case_id)
  left join lateral kpi.run_seconds(clock.calendar_version, clock.runs, at) ran on clock.runs is not null
  cross join lateral business_time.seconds_between(version, opened_at, at) counted
  where place = response
),
incident_first_resolved as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
    position, opened_position, seconds, business_seconds
  from fact where place = first_resolution
),
-- Every change of team of a case that has a final resolution, with the values of the resolution.
incident_moved as (
  select case_id, moved.place as n, at, priority, fact.team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, moved.position, opened_position, team_before::uuid as from_team_id, team_named::uuid as to_team_id,
    had_before as came_back, fact.position as ended_position
  from fact join (select * from teams where team_named <> team_before) moved using (case_id) where fact.place = fact.resolution
),
incident_restored as (
  select case_id, restored_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    irregular, position, opened_position, greatest(lasted, 0) as seconds, business_seconds, began_at is null as inferred,
    began_at is null or lasted < 0 as skewed
  from fact
  cross join lateral (
    select (known_then->>'began_at')::timestamptz as began_at, (known_then->>'service_restored_at')::timestamptz as restored_at
  ) said
  cross join lateral (select round(extract(epoch from restored_at - coalesce(began_at, opened_at)))::bigint as lasted) outage
  where place = resolution and known_then->>'effect' in ('degraded', 'down') and restored_at is not null
),
{outages}-- One that was declared again, after it had been made less of, is still one.
incident_declared_major as (
  select case_id, occurred_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded,
    any_irregular as irregular, position, opened_position, downgraded
  from (
    select *, row_number() over (partition by case_id, type order by place) as nth,
      max(place) over (partition by case_id) > max(place) filter (where type = 'incident.declared_major')
        over (partition by case_id) as downgraded
    from decided where type in ('incident.declared_major', 'incident.downgraded')
  ) said
  where type = 'incident.declared_major' and nth = 1
),
incident_closed as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
    position, opened_position, seconds, business_seconds
  from fact where place = closing
),
-- A stretch begins where a value changes by which KPIs are grouped. Nothing comes before the opening, and of several
-- events at one instant only the last begins a stretch.
stood as (
  select case_id, place, later, occurred_at, position, opened_at, priority, team_id, service, channel, category,
    assignee_id, customer_id, source, excluded, any_irregular, opened_position, response, resolution,
    case when place = 1 then opened_at else greatest(opened_at, occurred_at) end as since,
    case
      when open_place > greatest(gone_place, ended_place, 0) then 'open'
      when ended_place > greatest(open_place, gone_place, 0)
        and coalesce(closed_place, 0) <= greatest(open_place, gone_place, 0) then 'ended'
    end as phase,
    coalesce(held_place = greatest(open_place, gone_place, ended_place), false) as on_hold,
    coalesce(place >= response, false) as responded,
    ended_place is not null as resolved_before
  from decided
),
stretches as (
  select *, lead(since, 1, 'infinity') over in_order as until
  from (
    select *, row(phase, on_hold, responded, resolved_before, priority, team_id, service, channel, category,
                  assignee_id, customer_id)
        is distinct from lag(row(phase, on_hold, responded, resolved_before, priority, team_id, service, channel,
                  category, assignee_id, customer_id)) over in_order as begins
    from stood
    window in_order as (partition by case_id order by later, occurred_at, position)
  ) compared
  where begins
  window in_order as (partition by case_id order by later, occurred_at, position)
),
-- Time open until the final resolution, in business time.
open_time as (
  select timed.case_id, case when count(*) = count(counted.seconds) then sum(counted.seconds)::bigint end as seconds
  from timed join stretches on stretches.case_id = timed.case_id and phase = 'open' and since < timed.at
  cross join lateral business_time.seconds_between(version, since, least(until, timed.at)) counted
  where timed.place = timed.resolution and version is not null group by timed.case_id
),
incident_resolved as (
  select case_id, place as n, true as final, false as reopened_soon, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
    position, opened_position, timed.seconds,
    case when timed.seconds < 0 then timed.seconds else coalesce(ran.seconds, open_time.seconds, timed.seconds) end as business_seconds,
    reopened, coalesce(reassignments, 0) as reassignments,
    coalesce(handovers, 0) as handovers,
    coalesce(came_back, false) as came_back,
    -- The person who responded also resolved, and nobody else had the case. Monitoring contacts nobody, and other
    -- systems do not name the person.
    case when channel is distinct from 'monitoring' and not observed
      then coalesce(person = responder, false) and coalesce(reassignments, 0) = 0
        and not (held or asked_again or case_id in (select case_id from taken_up)) end as first_contact,
    case when channel = 'monitoring' then person is null and not started end as unattended,
    -- A resolution states when its review is due; resolutions of other systems, and old ones, do not.
    case when known_then->>'declared_major_at' is not null
      then coalesce(reviewed_at <= coalesce((known_then->>'review_due_at')::timestamptz, at + interval '168 hours'), false)
      end as review_on_time,
    recorded_at, source, case when opened_at >= '2026-11-30 00:00+00' then rounded_cost else cost end as cost, currency, ci,
    case when recorded_at is not null then greatest(round(extract(epoch from recorded_at - at))::bigint, 0) end
      as recorded_seconds,
    case_id in (select case_id from told where type = 'incident.article_used') as article_used
  from timed left join reassigned using (case_id) left join handed_over using (case_id)
  left join answered using (case_id) left join costed using (case_id) left join open_time using (case_id)
  left join (
    select case_id, calendar_version, runs from clocked where metric = 'resolution' and state <> 'excluded'
  ) clock using (case_id)
  left join lateral kpi.run_seconds(clock.calendar_version, clock.runs, at) ran on clock.runs is not null
  where place = resolution
  union all
  -- All other values of a resolution are those of the final one.
  select case_id, place, false, reopened_soon, occurred_at, priority,
    team_id, service, channel, category, assignee_id, customer_id, excluded, any_irregular, position, opened_position,
    round(extract(epoch from occurred_at - opened_at))::bigint, round(extract(epoch from occurred_at - opened_at))::bigint, true, 0, 0, false, null, null, null, null,
    source, null, null, null, null, null
  from left_resolution
),
-- The time at which a period ends if no clock of an agreement measures it: by the calendar of the agreement or of the
-- service as of the opening, except that a P1 is answered round the clock.
due as materialized (
  select case_id, coalesce(case when priority is distinct from 'P1' then answer.due_at end, opened_at + interval '900 seconds')
      as response_due_at,
    coalesce(solution.due_at, opened_at + interval '7200 seconds') as resolution_due_at
  from timed
  cross join lateral business_time.due_at(version, opened_at, 900) answer
  cross join lateral business_time.due_at(version, opened_at, 7200) solution
  where place = 1
),
-- By a clock: when it stopped, or when it was breached.
by_clock as (
  select case_id, coalesce(breaches_at, stopped_at) as at,
    case when breaches_at is null then clocked.priority else breach_priority end as priority,
    case when breaches_at is null then clocked.team_id else breach_team_id end as team_id,
    case when breaches_at is null then clocked.service else breach_service end as service,
    case when breaches_at is null then clocked.channel else breach_channel end as channel,
    case when breaches_at is null then clocked.category else breach_category end as category,
    case when breaches_at is null then clocked.assignee_id else breach_assignee_id end as assignee_id,
    case when breaches_at is null then clocked.customer_id else breach_customer_id end as customer_id,
    fact.excluded, fact.irregular, case when breaches_at is null then clocked.position else fact.opened_position end as position,
    fact.opened_position, breaches_at is null as met, metric
  from clocked join fact using (case_id)
  where fact.place = 1 and coalesce(breaches_at, stopped_at) is not null
),
-- Whether the case arrived within the hours of its calendar; a P1, and a case without a calendar, always did.
arrived as (
  select case_id, priority is not distinct from 'P1' or coalesce(counted.seconds > 0, true) as in_hours
  from timed cross join lateral business_time.seconds_between(version, opened_at, opened_at + interval '1 second') counted
  where place = 1
),
-- Whether the response was in time. If it was not, the case counts at the end of its time, with the values just before.
-- A case that had ended without a response by then was not late, nor was a cancelled case or a duplicate.
incident_response_due as (
  select judged.*, in_hours
  from (
    select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
      position, opened_position, met
    from by_clock where metric = 'response'
    union all
    select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
      position, opened_position, true
    from fact join due using (case_id)
    where place = response and at < response_due_at and case_id not in (select case_id from clocked where metric = 'response')
    union all
    select case_id, response_due_at, priority, team_id, service, channel, category, assignee_id,
      customer_id, excluded, any_irregular, opened_position, opened_position, false
    from stretches join due using (case_id)
    where since < response_due_at and until >= response_due_at and not responded and (response is not null or phase = 'open')
      and case_id not in (select case_id from clocked where metric = 'response')
  ) judged join arrived using (case_id)
),
incident_resolution_due as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
    position, opened_position, met
  from by_clock where metric = 'resolution'
  union all
  (
    select distinct on (case_id) *
    from (
      select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular,
        position, opened_position, true as met
      from fact join due using (case_id) where place = resolution and at < resolution_due_at
      union all
      select case_id, resolution_due_at, priority, team_id, service, channel, category, assignee_id,
        customer_id, excluded, any_irregular, opened_position, opened_position, false
      from stretches join due using (case_id)
      where since < resolution_due_at and until >= resolution_due_at
        and (resolution is not null or excluded is null or phase = 'open')
    ) both_ways
    where case_id not in (select case_id from clocked where metric = 'resolution')
    order by case_id, met desc
  )
),
incident_life as (
  select case_id, place as n, since, until, phase, on_hold, responded, resolved_before, opened_at, priority, team_id,
    service, channel, category, assignee_id, customer_id, source, any_irregular as irregular, position, opened_position
  from stretches where phase is not null and since < until
),
-- Days on which the assignee acted on the case, and ends of the case while somebody had it who had acted on it before:
-- final ends, and ends that lasted longer than the case could be reopened. Each end is a row.
held as (
  select case_id, place, ends, own, assignee_id, team_id, occurred_at, any_irregular, position, opened_position,
    min(place) filter (where own) over (partition by case_id, assignee_id) as first_own
  from (
    select *, coalesce(place = resolution, false) or (excluded is null and (case_id, place) in (
      select case_id, place from left_resolution where not reopened_soon)) as ends
    from decided
  ) ending
  where (own or ends) and assignee_id is not null
),
agent_work as (
  select case_id, min(place) as n, assignee_id, team_id, (occurred_at at time zone 'UTC')::date as day,
    bit_or(kpi.quarter(occurred_at)) as quarters, max(occurred_at) filter (where ends) as ended_at,
    bool_or(any_irregular) as irregular, coalesce(max(position) filter (where ends), min(position)) as position,
    max(opened_position) as opened_position
  from held where own or (ends and place > first_own)
  group by case_id, assignee_id, team_id, day, case when ends then place end
)
