-- The facts of the requests that have events from position `first` to `last`, made anew from all their events up to
-- `last`; so it does not matter in which spans the log is taken, nor how late an event comes. Each of the last
-- parts is named as a table of schema kpi, and holds the rows that these cases should have there.
{recorded}told as (
  select case_id, position, version, occurred_at, type, actor, data ? 'irregular' as irregular,
    (data->>'instead')::integer as instead,
    (set_then->>'opened_at')::timestamptz as opening, fields->>'state' as state,
    fields - array['title', 'description', 'number', 'state_since', 'opened_at', 'impact', 'urgency',
                       'answers', 'delivery', 'doer_ids']
      -- The role that a question was put to, for as long as that is the one which decides.
      || case when fields ? 'approval_id'
           then jsonb_build_object('approver_role', data->'set'->('decision/' || (fields->>'approval_id'))->'role')
           else '{}' end
      as dimensions,
    (select jsonb_object_agg(row_key, row) from jsonb_each(data->'set') as row_set(row_key, row)
     where starts_with(row_key, 'task/')) as tasks
  from recorded
  cross join lateral (select data->'set'->stream as set_then, data->'late'->stream as set_late offset 0) said
  cross join lateral (select coalesce(set_late || set_then, set_then, set_late) as fields offset 0) both_told
),
{moved}-- The order of a case: its opening, then by when it happened, then as the log has it.
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(dimensions) over in_order as known,
    state is not null and state not in ('delivered', 'closed', 'cancelled', 'rejected') as opens
  from (
    select case_id, position, version, type, state,
      case when irregular_then is null then actor else actor_then end as actor,
      coalesce(irregular_then, irregular) as irregular,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) end as opened_at,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) else occurred_at end as occurred_at,
      coalesce(dimensions || retold, retold, dimensions) as dimensions
    from told left join moved using (case_id, version)
    where gone is not true
  ) corrected
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
standing as (
  select case_id, place, position, occurred_at, type, actor, irregular, state, opens, max(opened_at) over whole as opened_at,
    dimensions->>'team_id' as team_named, dimensions->>'assignee_id' as holder_named,
    known->>'state' as stands, known->>'priority' as priority, (known->>'team_id')::uuid as team_id,
    known->>'service' as service, known->>'channel' as channel, known->>'category' as category,
    (known->>'assignee_id')::uuid as assignee_id, (known->>'customer_id')::uuid as customer_id, known->>'path' as path,
    known->>'item' as catalogue_item, known->>'approver_role' as approver_role, 'person:' || (known->>'requester_id') as requester,
    (known->>'target_seconds')::integer as target_seconds, (known->>'first_planned_at')::timestamptz as planned_at,
    (known->>'started_at')::timestamptz as started_at,
    coalesce(bool_or(state = 'delivered') over in_order, false) as delivered_before,
    -- What was said of it last; what goes on behind an end was not the end.
    max(place) filter (where opens or state in ('cancelled', 'rejected')) over whole as last_turn,
    max(place) filter (where state = 'delivered') over whole as last_delivery,
    max(place) filter (where state is not null) over whole as last_state,
    min(place) filter (where type in ('request.assessed', 'request.started')) over whole as response,
    min(place) filter (where type in ('request.accepted', 'request.acceptance_failed')) over whole as verdict,
    count(*) over whole as places,
    bool_or(irregular) over whole as any_irregular
  from placed
  window in_order as (partition by case_id order by place), whole as (partition by case_id)
),
decided as materialized (
  select *,
    max(position) filter (where place = 1) over whole as opened_position,
    case when last_delivery > last_turn then last_delivery end as delivery,
    nullif(max(state) filter (where place = last_state and state in ('cancelled', 'rejected')) over whole, '') as excluded,
    -- What was promised last.
    max(target_seconds) filter (where place = places) over whole as promised_seconds,
    max(planned_at) filter (where place = places) over whole as first_planned_at,
    -- Something was done again: an acceptance failed, a solution was sent back, what had been delivered was taken up
    -- again (until version 2 of projects alone), or others than the requester changed what is wanted.
    type = 'request.acceptance_failed' or (type = 'request.solution_reviewed' and state = 'revising')
      or (type = 'request.reopened' and (state = 'rectifying' or occurred_at >= '2026-11-30 00:00+00'))
      or (type = 'request.requirements_changed' and actor is distinct from requester) as again
  from standing
  window whole as (partition by case_id)
),
-- From one turn to the next.
turned as (
  select *, case when place = 1 then opened_at else greatest(opened_at, occurred_at) end as since,
    lead(greatest(opened_at, occurred_at)) over (partition by case_id order by place) as until,
    lead(occurred_at) over (partition by case_id order by place) as next_at,
    lead(opens) over (partition by case_id order by place) as next_opens,
    count(*) filter (where state not in ('delivered', 'closed')) over (partition by case_id order by place) as round
  from decided where state is not null
),
again as (
  select case_id, count(*) filter (where again)::integer as rework_rounds,
    count(*) filter (where not again)::integer as requirement_changes
  from decided where (again or type = 'request.requirements_changed') and place < delivery group by case_id
),
fact as (
  select case_id, place, occurred_at as at, priority, team_id, service, channel, category, assignee_id, customer_id, path,
    catalogue_item, excluded, any_irregular as irregular, position, opened_position, decided.opened_at, type, state,
    delivery, response, verdict, decided.opened_at + promised_seconds * interval '1 second' as promised_at,
    first_planned_at, started_at,
    round(extract(epoch from occurred_at - decided.opened_at))::bigint as seconds, null::bigint as business_seconds
  from decided
),
{hours}-- In what time an end is no end yet: as was agreed, or a week.
reopening as (
  select case_id, make_interval(hours => 24 * coalesce(
    (array_agg(dimensions->>'reopen_days' order by place desc) filter (where dimensions ? 'reopen_days'))[1]::integer,
    max(reopen_days), 7)) as within
  from placed left join agreed using (case_id) group by case_id
),
-- Every delivery: the last one before the case was taken up again, perhaps after it had been closed; whether in that time.
every_delivery as (
  select case_id, place, coalesce(left_at <= occurred_at + within, false) as reopened_soon
  from (
    select *, max(place) filter (where state = 'delivered') over around as last_delivered,
      max(next_at) filter (where next_opens) over around as left_at
    from turned
    window around as (partition by case_id, round)
  ) done join reopening using (case_id) where place = last_delivered
),
taken_up as (
  select distinct case_id from every_delivery where reopened_soon
),
-- What the whole of a case comes to.
summed as (
  select case_id, min(opened_at) as opened_at, case_id in (select case_id from taken_up) as reopened_soon,
    bool_or(next_at is null and state in ('delivered', 'closed')) as ended,
    sum(extract(epoch from until - since)) filter (where state = 'in_progress' and place < delivery) as worked,
    min(since) filter (where state = 'in_progress' and place < delivery) as begun_at
  from turned group by case_id
),
-- An opening counts for the team and the person who first had the case, whenever that was.
given_to as (
  select case_id, (array_agg(team_named order by place) filter (where team_named is not null))[1]::uuid as first_team_id,
    (array_agg(holder_named order by place) filter (where holder_named is not null))[1]::uuid as first_assignee_id
  from standing where team_named is not null or holder_named is not null group by case_id
),
request_opened as (
  select case_id, opened_at as at, priority, first_team_id as team_id, service, channel, category,
    first_assignee_id as assignee_id, customer_id, path, catalogue_item, excluded, irregular, position, opened_position,
    delivery is not null and not reopened_soon as settled, ended, delivered_at as ended_at
  from fact join summed using (case_id, opened_at) left join given_to using (case_id)
  left join (select case_id, at as delivered_at from fact where place = delivery) last_delivered using (case_id)
  where place = 1
),
request_responded as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
    excluded, irregular, position, opened_position, greatest(timed.seconds, 0) as seconds,
    greatest(coalesce(ran.seconds, counted.seconds, timed.seconds), 0) as business_seconds, false as inferred,
    timed.seconds < 0 as skewed
  from timed left join (
    select case_id, calendar_version, runs from clocked where metric = 'response' and state <> 'excluded'
  ) clock using (case_id)
  left join lateral kpi.run_seconds(clock.calendar_version, clock.runs, at) ran on clock.runs is not null
  cross join lateral business_time.seconds_between(version, opened_at, at) counted
  where place = response
),
-- Every wait for an approval that came to its end by one: asked anew it goes on, and what it was on hold is taken away.
waiting as (
  select *, count(*) filter (where state not in ('awaiting_approval', 'on_hold')) over (partition by case_id order by place) as wait
  from turned
),
waited as (
  select case_id, wait, sum(extract(epoch from until - since)) as seconds
  from waiting where state = 'awaiting_approval' group by case_id, wait
),
request_approved as (
  select case_id, place as n, occurred_at as at, priority, team_id, service, channel, category, assignee_id, customer_id,
    path, catalogue_item, approver_role, excluded, any_irregular as irregular, position, opened_position,
    round(waited.seconds)::bigint as seconds, null::bigint as business_seconds
  from waiting answer join waited using (case_id)
  where type in ('request.approved', 'request.refused') and waited.wait = answer.wait - 1
),
request_delivered as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
    excluded, irregular, position, opened_position, timed.seconds,
    case when at < timed.opened_at then timed.seconds else coalesce(ran.seconds, counted.seconds, timed.seconds) end
      as business_seconds,
    true as final,
    coalesce(rework_rounds, 0) as rework_rounds, coalesce(requirement_changes, 0) as requirement_changes, reopened_soon,
    case_id in (select case_id from told where type = 'request.article_used') as article_used
  from timed left join (
    select case_id, calendar_version, runs from clocked where metric = 'fulfilment' and state <> 'excluded'
  ) clock using (case_id)
  left join lateral kpi.run_seconds(clock.calendar_version, clock.runs, at) ran on clock.runs is not null
  cross join lateral business_time.seconds_between(version, timed.opened_at, at) counted
  join summed using (case_id) left join again using (case_id) where place = delivery
),
worked as (
  select case_id, sum(counted.seconds)::bigint as business_seconds, bool_and(counted.seconds is not null) as known
  from turned join (select case_id, version from timed where place = delivery) by_hours using (case_id)
  cross join lateral business_time.seconds_between(by_hours.version, turned.since, turned.until) counted
  where state = 'in_progress' and place < delivery group by case_id
),
-- Handled in one step: from when it was begun, if that was said; nothing, while somebody waited at the other end.
request_handled as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
    excluded, irregular, position, opened_position,
    elapsed.seconds, greatest(0,
      coalesce(case when summed.worked is null then counted.seconds when known then worked.business_seconds end,
        elapsed.seconds)) as business_seconds,
    true as final, at < coalesce(begun_at, started_at) + interval '10 seconds' as at_once
  from timed join summed using (case_id) left join worked using (case_id)
  cross join lateral business_time.seconds_between(version, started_at, at) counted
  cross join lateral (
    select round(coalesce(summed.worked, greatest(extract(epoch from at - started_at), 0), 0))::bigint as seconds
  ) elapsed
  where place = delivery and path = 'standard'
    and (summed.worked is not null or started_at is not null or channel in ('hotline', 'chat'))
),
-- In which states it was for how long, up to its final delivery.
request_state as (
  select case_id, turned.state, at, fact.priority, fact.team_id, fact.service, fact.channel, fact.category, fact.assignee_id,
    fact.customer_id, fact.path, fact.catalogue_item, fact.excluded, fact.irregular, fact.position, fact.opened_position,
    round(turned.seconds)::bigint as seconds
  from (
    select case_id, state, sum(extract(epoch from until - since)) as seconds
    from turned where place < delivery group by case_id, state
  ) turned join fact using (case_id) where fact.place = fact.delivery
),
request_judged as (
  select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
    excluded, irregular, position, opened_position, type = 'request.accepted' as passed
  from fact where place = verdict
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(phase, on_hold, responded, delivered_before, undecided, priority, team_id, service, channel, category,
                  assignee_id, customer_id, path, catalogue_item, approver_role)
        is distinct from lag(row(phase, on_hold, responded, delivered_before, undecided, priority, team_id, service,
                  channel, category, assignee_id, customer_id, path, catalogue_item, approver_role))
          over (partition by case_id order by place) as begins
    from (
      select *, case when place = 1 then opened_at else greatest(opened_at, occurred_at) end as since,
        case when stands = 'delivered' then 'ended' when stands not in ('closed', 'cancelled', 'rejected') then 'open' end
          as phase,
        coalesce(stands = 'on_hold', false) as on_hold, coalesce(place >= response, false) as responded,
        coalesce(stands = 'awaiting_approval', false) as undecided,
        opened_at + promised_seconds * interval '1 second' as promised_at
      from decided
    ) stood
  ) compared
  where begins
),
-- Within the time, or not: then it counts when the time ran out, with what was known just before. What had been
-- cancelled or rejected by then was never late.
request_due as (
  select distinct on (case_id) *
  from (
    select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
      excluded, irregular, position, opened_position, true as met
    from fact where place = delivery and at <= promised_at
    union all
    select case_id, promised_at, priority, team_id, service, channel, category, assignee_id, customer_id, path,
      catalogue_item, excluded, any_irregular, opened_position, opened_position, false
    from stretches
    where since < promised_at and until >= promised_at
      and (delivery is not null or excluded is null or phase = 'open')
  ) both_ways
  order by case_id, met desc
),
-- The same by the date that the first plan which was approved had promised.
request_project_due as (
  select distinct on (case_id) *
  from (
    select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
      excluded, irregular, position, opened_position, true as met
    from fact where place = delivery and at <= first_planned_at
    union all
    select case_id, first_planned_at, priority, team_id, service, channel, category, assignee_id, customer_id, path,
      catalogue_item, excluded, any_irregular, opened_position, opened_position, false
    from stretches
    where since < first_planned_at and until >= first_planned_at
      and (delivery is not null or excluded is null or phase = 'open')
  ) both_ways
  order by case_id, met desc
),
-- What was to be done for it, by when it was due first; what was dropped by then had not to be done.
task as (
  select case_id, substr(row_key, 6)::uuid as task_id,
    (array_agg((row->>'due_at')::timestamptz order by version > 1, occurred_at, position)
      filter (where row->>'due_at' is not null))[1] as due_at,
    (array_agg(position order by version > 1, occurred_at, position) filter (where row->>'due_at' is not null))[1] as due_position,
    max((row->>'completed_at')::timestamptz) as completed_at, max((row->>'dropped_at')::timestamptz) as dropped_at
  from told cross join lateral jsonb_each(tasks) as of_task(row_key, row)
  group by case_id, row_key
),
request_task as (
  select distinct on (case_id, task_id) case_id, task_id, due_at as at, priority, team_id, service, channel, category,
    assignee_id, customer_id, path, catalogue_item, excluded, irregular, due_position as position, opened_position,
    coalesce(completed_at <= due_at, false) as met
  from task join fact using (case_id)
  where (dropped_at is null or dropped_at > due_at) and (place = 1 or fact.at < due_at) and due_at is not null
  order by case_id, task_id, place desc
),
request_life as (
  select case_id, place as n, since, until, phase, on_hold, responded, delivered_before as resolved_before, undecided,
    opened_at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item,
    approver_role, any_irregular as irregular, position, opened_position
  from stretches where phase is not null and since < until
),
-- On which days its holder did something with it, or one who had done so before had it when it came to its end: for good, or
-- for longer than it could have been reopened. Each end is a row of its own.
held as (
  select *, actor = 'person:' || assignee_id as own,
    min(place) filter (where actor = 'person:' || assignee_id) over (partition by case_id, assignee_id) as first_own,
    excluded is null and (case_id, place) in (select case_id, place from every_delivery where not reopened_soon) as ends
  from decided where assignee_id is not null
),
agent_work as (
  select case_id, min(place) as n, assignee_id, team_id, (occurred_at at time zone 'UTC')::date as day,
    bit_or(kpi.quarter(occurred_at)) as quarters, max(occurred_at) filter (where ends) as ended_at,
    bool_or(any_irregular) as irregular, coalesce(max(position) filter (where ends), min(position)) as position,
    max(opened_position) as opened_position
  from held where own or (ends and place > first_own)
  group by case_id, assignee_id, team_id, day, case when ends then place end
)
