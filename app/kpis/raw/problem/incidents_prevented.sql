-- parts: cases
-- incidents_prevented: of the problems that were resolved for good, how many fewer of the incidents
-- linked to them were opened in the 90 days after than in the 90 days before. Beside it: how many were before.
decided as (
  select ending.stream, ending.rank, ending.occurred_at as at,
    count(*) filter (where came.at < ending.occurred_at and came.at >= ending.occurred_at - interval '2160 hours') as seconds,
    count(*) filter (where came.at < ending.occurred_at and came.at >= ending.occurred_at - interval '2160 hours')
      - count(*) filter (where came.at >= ending.occurred_at and came.at < ending.occurred_at + interval '2160 hours')
      as numerator, 1 as denominator
  from ending
  left join (
    select distinct linked.stream, incident.stream as incident, incident.at
    from (
      select distinct on (stream, key) stream, key, value->>'other' as other from recorded
      cross join lateral jsonb_each(data->'set') where starts_with(key, 'link/') order by stream, key, version desc
    ) linked
    join (
      select distinct on (stream) stream, coalesce((data->'set'->stream->>'opened_at')::timestamptz, occurred_at) as at
      from log.told where starts_with(stream, 'incident/') and position <= %(position)s
        and (version = 1 or data->'set'->stream ? 'opened_at')
      order by stream, version desc
    ) incident on incident.stream = linked.other
  ) came using (stream)
  group by ending.stream, ending.rank, ending.occurred_at
)
