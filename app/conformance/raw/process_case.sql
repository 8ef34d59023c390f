select split_part(stream, '/', 2)::uuid as case_id, '{process}' as kind, first.source, last.state, opening.opened_at as started_at,
  ended.at as ended_at, round(extract(epoch from ended.at - opening.opened_at))::bigint as seconds,
  knew.team_id::uuid, knew.assignee_id::uuid, knew.service, knew.customer_id::uuid,
  md5(array_to_string(went.steps, ' '))::uuid as variant, went.steps, went.step_seconds,
  md5(array_to_string(whole.all_steps, ' '))::uuid as all_variant, whole.all_steps, whole.all_changes, whole.all_seconds
from opening
join (select stream, source from event where rank = 1) first using (stream)
join (
  select stream, array_agg(type order by rank) as all_steps, array_agg(changes order by rank) as all_changes,
    array_agg(coalesce(round(extract(epoch from at - at_before)), 0)::bigint order by rank) as all_seconds
  from (
    select event.stream, event.rank, event.type, stated.stream is not null as changes,
      greatest(event.occurred_at, begun.opened_at) as at,
      lag(greatest(event.occurred_at, begun.opened_at)) over (partition by event.stream order by event.rank) as at_before
    from event join opening begun on begun.stream = event.stream
    left join stated on stated.stream = event.stream and stated.rank = event.rank
  ) one
  group by stream
) whole using (stream)
left join (
  select stream, array_agg(stated.type order by n) as told,
    array_agg(coalesce(round(extract(epoch from stated.at - before.at)), 0)::bigint order by n) as seconds
  from stated left join (select stream, n + 1 as n, at from stated) before using (stream, n)
  group by stream
) walked using (stream)
cross join lateral (select coalesce(walked.told, '{}') as steps, coalesce(walked.seconds, '{}') as step_seconds) went
left join (select distinct on (stream) stream, state, at from stated order by stream, rank desc) last using (stream)
cross join lateral (select case when last.state = any(%(states)s::text[]) then last.at end as at) ended
join (
  select stream, (array_agg(told->>'team_id' order by rank desc) filter (where told ? 'team_id'))[1] as team_id,
    (array_agg(told->>'assignee_id' order by rank desc) filter (where told ? 'assignee_id'))[1] as assignee_id,
    (array_agg(told->>'service' order by rank desc) filter (where told ? 'service'))[1] as service,
    (array_agg(told->>'customer_id' order by rank desc) filter (where told ? 'customer_id'))[1] as customer_id
  from event group by stream
) knew using (stream)
