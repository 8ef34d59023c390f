-- The facts of the changes that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql, which begins alike.
{recorded}told as (
  select case_id, position, version, occurred_at, type, actor, data ? 'irregular' as irregular,
    (data->>'instead')::integer as instead,
    (set_then->>'opened_at')::timestamptz as opening, fields->>'state' as state,
    fields - array['title', 'description', 'number', 'state_since', 'opened_at', 'reason', 'ci_ids', 'ci_classes', 'needed_ci_ids',
                   'overrides', 'override_reason', 'implementer_ids', 'custom', 'custom_for_staff'] as dimensions,
    (select jsonb_object_agg(key, value) from jsonb_each(data->'set') where left(key, 5) = 'link/') as links
  from recorded
  cross join lateral (select data->'set'->stream as set_then, data->'late'->stream as set_late offset 0) said
  cross join lateral (select coalesce(set_late || set_then, set_then, set_late) as fields offset 0) both_told
),
{moved}placed as (
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
  select *, known->>'type' as change_type, (known->>'team_id')::uuid as team_id, known->>'service' as service,
    known->>'risk_level' as risk, known->>'state' as stands, (known->>'review_due_at')::timestamptz as review_due_at,
    state is not null and state is distinct from lag(known->>'state') over in_order as enters
  from placed
  window in_order as (partition by case_id order by place)
),
-- Handed in is what is no draft any more: submitted, or scheduled from a template. What another tool tells first in a later
-- state was handed in at a time that nobody knows.
turns as (
  select *, max(opened_at) over whole as begun_at,
    min(place) filter (where state <> 'draft') over whole as handing,
    min(place) filter (where state = 'implementing') over whole as start,
    min(place) filter (where state = 'implemented') over whole as completion,
    min(place) filter (where state in ('implemented', 'backed_out')) over whole as ending,
    count(*) filter (where enters and state = 'implementing') over whole as starts,
    count(*) filter (where enters and state = 'implemented') over whole as completions,
    coalesce(bool_or(state = 'backed_out') over whole, false) as backed_out,
    max(place) filter (where state is not null) over whole as last_state,
    max(place) over whole as last_place,
    bool_or(irregular) over whole as any_irregular
  from standing
  window whole as (partition by case_id)
),
-- The incidents that it is confirmed to have caused: linked so, in whatever way, and not unlinked since.
harmful as (
  select distinct case_id
  from (
    select distinct on (case_id, key) case_id, link
    from told cross join lateral jsonb_each(links) as one(key, link)
    where links is not null order by case_id, key, version desc
  ) linked
  where link->>'kind' = 'causes' and left(link->>'other', 9) = 'incident/'
),
decided as materialized (
  select turns.*, harmful.case_id is not null as caused_incidents,
    case when place = 1 then begun_at else greatest(begun_at, occurred_at) end as since,
    max(position) filter (where place = 1) over whole as opened_position,
    max(occurred_at) filter (where place = handing) over whole as handed_at,
    bool_or(state = 'submitted' or (state = 'scheduled' and change_type is not distinct from 'standard'))
      filter (where place = handing) over whole as handing_known,
    max(greatest(begun_at, occurred_at)) filter (where place = handing) over whole as waits_since,
    max(occurred_at) filter (where place = start) over whole as started_at,
    max(known->>'outcome') filter (where place = last_place) over whole as outcome,
    bool_or((known->>'first_pass')::boolean) filter (where place = last_place) over whole as first_pass,
    max(state) filter (where place = last_state and state in ('cancelled', 'rejected')) over whole as excluded,
    bool_or(state = 'closed') filter (where place = last_state) over whole as closed
  from turns left join harmful using (case_id)
  window whole as (partition by case_id)
),
change_started as (
  select case_id, occurred_at as at, change_type, team_id, service, risk,
    coalesce(excluded, case when change_type is null then 'unknown' end) as excluded, any_irregular as irregular, position,
    opened_position
  from decided where place = start
),
-- By when those were handed in that a deployment brings.
change_handed as (
  select case_id, occurred_at as at from decided where place = handing and handing_known
),
-- What was backed out, failed, or caused an incident is never right the first time, whatever its review says. Of others, what
-- the review says holds, and before it what the log says. What was closed with no word of how it went is not known to
-- have gone well; and where a window, a start or the type is not known, nor is whether it went as planned.
change_ended as (
  select case_id, occurred_at as at, change_type, team_id, service, risk, excluded, any_irregular as irregular, position,
    opened_position, case when first_pass is null then 'computed' else 'reviewed' end as verdict,
    not harmed and coalesce(first_pass, starts <= 1 and completions <= 1 and judged and (
      change_type = 'emergency' or (
        started_at >= (known->>'window_from_at')::timestamptz and occurred_at <= (known->>'window_until_at')::timestamptz)
    )) as at_first,
    harmed or not judged as failed
  from decided
  cross join lateral (
    select backed_out or caused_incidents or coalesce(outcome in ('failed', 'backed_out'), false) as harmed,
      case when outcome is not null or not closed then true end as judged
  ) verdict
  where place = ending
),
-- A change that was backed out before it was implemented has no lead time.
change_implemented as (
  select case_id, occurred_at as at, change_type, team_id, service, risk,
    coalesce(excluded, case when not handing_known then 'unknown' end) as excluded, any_irregular as irregular, position,
    opened_position,
    case when handing_known then greatest(round(extract(epoch from occurred_at - handed_at)), 0)::bigint end as seconds
  from decided where place = completion and place = ending
),
stretches as (
  select *, lead(since, 1, 'infinity') over (partition by case_id order by place) as until
  from (
    select *, row(phase, waiting, review_due_at, change_type, team_id, service, risk)
        is distinct from lag(row(phase, waiting, review_due_at, change_type, team_id, service, risk))
          over (partition by case_id order by place) as begins
    from (
      select *, case when stands in ('implemented', 'backed_out') then 'ended'
          when stands not in ('draft', 'closed', 'rejected', 'cancelled') then 'open' end as phase,
        coalesce(stands in ('approved', 'scheduled'), false) as waiting
      from decided
    ) stood
  ) compared
  where begins
),
-- How long it stands open counts since it was handed in. A review falls overdue while nothing happens.
change_life as (
  select case_id, 2 * place + part.n as n, part.since, part.until, phase, false as on_hold, waiting, part.n = 1 as overdue,
    waits_since as opened_at, change_type, team_id, service, risk, any_irregular as irregular, position, opened_position
  from stretches
  cross join lateral (
    select 0 as n, stretches.since,
      case when phase = 'ended' then least(stretches.until, review_due_at) else stretches.until end as until
    union all
    select 1, greatest(stretches.since, review_due_at), stretches.until where phase = 'ended' and review_due_at is not null
  ) part
  where phase is not null and part.since < part.until
)
,
-- The maintenance that an agreement may leave out of account: the window of each that was approved before it began, and was
-- not called off; for each service that it touches.
change_maintenance as (
  select distinct case_id, touched.service, date_trunc('second', from_at) as since, date_trunc('second', until_at) as until, position
  from (
    select case_id, position, excluded, known, (known->>'window_from_at')::timestamptz as from_at,
      (known->>'window_until_at')::timestamptz as until_at, place, last_place,
      min(occurred_at) filter (where state in ('approved', 'scheduled')) over (partition by case_id) as approved_at
    from decided
  ) planned
  cross join lateral (
    select service from jsonb_array_elements_text(
      case when jsonb_typeof(known->'services') = 'array' then known->'services' else '[]' end) as one(service)
    union select known->>'service'
  ) touched
  where place = last_place and excluded is null and approved_at <= from_at and touched.service is not null
    and date_trunc('second', from_at) < date_trunc('second', until_at)
)
