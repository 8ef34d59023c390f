-- parts: cases
-- lead_time_for_changes: of what was deployed into production for the first time, each revision, or where a deployment names
-- none, each change, how long it was after it was committed, or handed in. When that was may not be known.
-- What was told that it carries, up to its end.
carried as (
  select ended.stream,
    (array_agg(told->>'service' order by event.rank desc) filter (where told ? 'service'))[1] as service,
    coalesce((array_agg(told->'revisions' order by event.rank desc) filter (where jsonb_typeof(told->'revisions') = 'array'))[1], '[]') as revisions,
    coalesce((array_agg(told->'change_ids' order by event.rank desc) filter (where jsonb_typeof(told->'change_ids') = 'array'))[1], '[]') as change_ids
  from ended join event on event.stream = ended.stream and event.rank <= ended.rank
  group by ended.stream
),
brought as (
  select ended.stream, ended.rank, ended.at, concat_ws(' ', coalesce(service, ''), one.revision->>'revision') as what,
    min((one.revision->>'committed_at')::timestamptz) as begun_at
  from ended join carried using (stream) cross join lateral jsonb_array_elements(revisions) as one(revision)
  where ended.state in ('succeeded', 'rolled_back')
  group by 1, 2, 3, 4
  union all
  select ended.stream, ended.rank, ended.at, 'change/' || change_id, handed.at
  from ended join carried using (stream) cross join lateral jsonb_array_elements_text(change_ids) as change_id
  left join {change/_handed} as handed on handed.case_id = change_id::uuid
  where ended.state in ('succeeded', 'rolled_back') and jsonb_array_length(revisions) = 0
),
decided as (
  select stream, rank, at,
    case when begun_at is not null then greatest(round(extract(epoch from at - begun_at)), 0)::bigint end as seconds,
    case when begun_at is null then 'unknown' end as left_out
  from (
    select distinct on (what) * from brought order by what, at, split_part(stream, '/', 2)::uuid
  ) first_time
)
