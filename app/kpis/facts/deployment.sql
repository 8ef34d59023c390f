-- The facts of the deployments that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql. Only what went into production counts.
{recorded}told as (
  select case_id, position, version, occurred_at, data ? 'irregular' as irregular, fields,
    fields->>'state' as state,
    (select jsonb_object_agg(key, value) from jsonb_each(data->'set') where left(key, 17) = 'deployment_cause/') as causes
  from recorded
  cross join lateral (select data->'set'->stream as fields offset 0) said
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(fields) over in_order as known
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position)
),
standing as (
  select *, min(place) filter (where state in ('succeeded', 'failed', 'rolled_back')) over whole as ending,
    bool_or(state = 'rolled_back') over whole as rolled_back, max(place) over whole as last_place,
    max(occurred_at) filter (where state = 'rolled_back') over whole as told_back_at,
    max(position) filter (where place = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from placed
  window whole as (partition by case_id)
),
-- The incidents that it is confirmed to have caused, as long as that was not withdrawn.
harm as (
  select distinct on (case_id, incident_id) case_id, incident_id, position
  from (
    select distinct on (case_id, key) case_id, (cause->>'incident_id')::uuid as incident_id, position
    from told cross join lateral jsonb_each(causes) as one(key, cause)
    where causes is not null order by case_id, key, version desc
  ) confirmed
  where incident_id is not null order by case_id, incident_id, position
),
-- How it ended first, and what came of it since.
ended as materialized (
  select case_id, coalesce((known->>'ended_at')::timestamptz, occurred_at) as at, (known->>'team_id')::uuid as team_id,
    known->>'service' as service, null::text as excluded, any_irregular as irregular, position, opened_position, known, state,
    taken_back.at as rolled_back_at, coalesce(rolled_back, false) as rolled_back,
    exists (select from harm where harm.case_id = standing.case_id) as harmful
  from standing
  left join (
    select case_id as of_case, coalesce((known->>'rolled_back_at')::timestamptz, told_back_at) as at
    from standing where place = last_place
  ) taken_back on of_case = case_id
  where place = ending and known->>'environment' = 'production'
),
deployment_succeeded as (
  select case_id, at, team_id, service, excluded, irregular, position, opened_position from ended where state = 'succeeded'
),
-- What never was in production counts only for the harm that it did on its way there.
deployment_arrived as (
  select case_id, at, team_id, service, excluded, irregular, position, opened_position, rolled_back or harmful as failed,
    case when rolled_back then rolled_back_at end as rolled_back_at
  from ended where state in ('succeeded', 'rolled_back') or rolled_back or harmful
),
deployment_incident as (
  select case_id, incident_id, position from harm
),
-- What it brought: its revisions, or where these are not told, its changes.
deployment_brought as (
  select distinct on (case_id, brought) case_id, brought, at, team_id, service, excluded, irregular, position, opened_position,
    committed_at, change_id
  from ended
  cross join lateral (
    select concat_ws(' ', coalesce(service, ''), one->>'revision') as brought, (one->>'committed_at')::timestamptz as committed_at,
      null::uuid as change_id
    from jsonb_array_elements(nullif(known->'revisions', 'null')) as one
    union all
    select 'change/' || id, null, id::uuid from jsonb_array_elements_text(nullif(known->'change_ids', 'null')) as id
    where jsonb_array_length(coalesce(nullif(known->'revisions', 'null'), '[]')) = 0
  ) part
  where state in ('succeeded', 'rolled_back')
  order by case_id, brought, committed_at
)
