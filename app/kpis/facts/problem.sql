-- The facts of the problems that have events from position `first` to `last`, made anew from all their events up to
-- `last`; so it does not matter in which spans the log is taken, nor how late an event comes. Each of the last
-- parts is named as a table of schema kpi, and holds the rows that these cases should have there.
{recorded}told as (
  select case_id, position, version, occurred_at, type, actor, data ? 'irregular' as irregular,
    (data->>'instead')::integer as instead,
    (set_then->>'opened_at')::timestamptz as opening, fields->>'state' as state,
    fields - array['title', 'description', 'number', 'state_since', 'opened_at', 'impact', 'urgency', 'tried',
                       'cause', 'evidence', 'symptoms', 'workaround', 'prevention', 'lessons'] as dimensions,
    (select jsonb_object_agg(key, value) from jsonb_each(data->'set') where left(key, 5) = 'link/') as links
  from recorded
  cross join lateral (select data->'set'->stream as set_then, data->'late'->stream as set_late offset 0) said
  cross join lateral (select coalesce(set_late || set_then, set_then, set_late) as fields offset 0) both_told
),
{moved}-- The order of a case: its opening, then by when it happened, then as the log has it.
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(dimensions) over in_order as known
  from (
    select case_id, position, version, type, coalesce(irregular_then, irregular) as irregular, state,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) end as opened_at,
      case when version = 1 then coalesce(moved_to, opening, occurred_at) else occurred_at end as occurred_at,
      coalesce(dimensions || retold, retold, dimensions) as dimensions
    from told left join moved using (case_id, version)
    where gone is not true
  ) corrected
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
standing as (
  select case_id, place, position, occurred_at, type, irregular, state, max(opened_at) over whole as opened_at,
    dimensions->>'team_id' as team_named, dimensions->>'assignee_id' as holder_named,
    known->>'state' as stands, known->>'priority' as priority, (known->>'team_id')::uuid as team_id,
    known->>'service' as service, known->>'category' as category, (known->>'assignee_id')::uuid as assignee_id,
    known->>'origin' as origin,
    coalesce(bool_or(type = 'problem.cause_identified') over in_order, false) as caused,
    coalesce(bool_or(type = 'problem.workaround_documented') over in_order, false) as worked_around,
    max(place) filter (where state is not null and state not in ('resolved', 'closed')) over whole as last_turn,
    max(place) filter (where state = 'resolved') over whole as last_resolution,
    max(place) filter (where type = 'problem.risk_accepted') over whole as last_acceptance,
    max(place) filter (where state is not null) over whole as last_state,
    min(place) filter (where type = 'problem.cause_identified') over whole as cause,
    bool_or(irregular) over whole as any_irregular
  from placed
  window in_order as (partition by case_id order by place), whole as (partition by case_id)
),
decided as materialized (
  select *,
    max(position) filter (where place = 1) over whole as opened_position,
    case when last_resolution > last_turn then last_resolution end as resolution,
    case when last_acceptance > coalesce(last_turn, 0) then last_acceptance end as acceptance,
    max(occurred_at) filter (where place = cause) over whole as caused_at,
    max(state) filter (where place = last_state and state = 'cancelled') over whole as excluded
  from standing
  window whole as (partition by case_id)
),
fact as (
  select case_id, place, occurred_at as at, priority, team_id, service, category, assignee_id, excluded,
    any_irregular as irregular, position, opened_position, opened_at, origin, cause, resolution, acceptance, caused_at,
    round(extract(epoch from occurred_at - opened_at))::bigint as seconds, null::bigint as business_seconds
  from decided
),
-- An opening counts for the team and the person who first had the case, whenever that was.
given_to as (
  select case_id, (array_agg(team_named order by place) filter (where team_named is not null))[1]::uuid as first_team_id,
    (array_agg(holder_named order by place) filter (where holder_named is not null))[1]::uuid as first_assignee_id
  from standing where team_named is not null or holder_named is not null group by case_id
),
problem_opened as (
  select case_id, opened_at as at, priority, first_team_id as team_id, service, category, first_assignee_id as assignee_id,
    excluded, irregular, position, opened_position, coalesce(origin in ('trend', 'review'), false) as proactive, caused_at as ended_at,
    greatest(round(extract(epoch from caused_at - opened_at)), 0)::bigint as ended_seconds
  from fact left join given_to using (case_id) where place = 1
),
problem_caused as (
  select case_id, at, priority, team_id, service, category, assignee_id, excluded, irregular, position, opened_position,
    seconds, business_seconds, true as final
  from fact where place = cause
),
problem_resolved as (
  select case_id, at, priority, team_id, service, category, assignee_id, excluded, irregular, position, opened_position,
    true as final
  from fact where place = resolution
),
-- Its risk was accepted, and nothing went on behind that.
problem_risk_accepted as (
  select case_id, at, priority, team_id, service, category, assignee_id, excluded, irregular, position, opened_position
  from fact where place = acceptance
),
-- Fixed: resolved, and it had been known why it happened.
problem_fixed as (
  select case_id, at, priority, team_id, service, category, assignee_id, excluded, irregular, position, opened_position,
    greatest(round(extract(epoch from at - caused_at)), 0)::bigint as seconds, business_seconds, true as final
  from fact where place = resolution and cause is not null
),
-- The incidents that show it: linked, in whatever way, and not unlinked since.
problem_incident as (
  select case_id, substr(link->>'other', 10)::uuid as incident_id, min(position) as position
  from (
    select distinct on (case_id, key) case_id, key, link, position
    from told cross join lateral jsonb_each(links) as one(key, link)
    where links is not null order by case_id, key, version desc
  ) linked
  where left(link->>'other', 9) = 'incident/'
  group by case_id, link->>'other'
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(phase, on_hold, caused, known_error, priority, team_id, service, category, assignee_id)
        is distinct from lag(row(phase, on_hold, caused, known_error, priority, team_id, service, category, assignee_id))
          over (partition by case_id order by place) as begins
    from (
      select *, case when place = 1 then opened_at else greatest(opened_at, occurred_at) end as since,
        case when stands = 'resolved' then 'ended' when stands not in ('closed', 'cancelled') then 'open' end as phase,
        coalesce(stands = 'on_hold', false) as on_hold, caused and worked_around as known_error
      from decided
    ) stood
  ) compared
  where begins
),
problem_life as (
  select case_id, place as n, since, until, phase, on_hold, caused, known_error, opened_at, priority, team_id, service,
    category, assignee_id, any_irregular as irregular, position, opened_position
  from stretches where phase is not null and since < until
)
