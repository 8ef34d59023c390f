-- How each deployment into production ended first, and when.
ended as (
  select turn.stream, turn.rank, turn.state, coalesce((
      select (told->>'ended_at')::timestamptz from event
      where event.stream = turn.stream and event.rank <= turn.rank and told ? 'ended_at'
      order by event.rank desc limit 1), turn.occurred_at) as at
  from (
    select distinct on (stream) * from turn where state in ('succeeded', 'failed', 'rolled_back') order by stream, rank
  ) turn
  where (
    select told->>'environment' from event
    where event.stream = turn.stream and event.rank <= turn.rank and told ? 'environment'
    order by event.rank desc limit 1) = 'production'
),
-- When it was taken back, if it was; when that was told, if nobody said.
taken_back as (
  select stream, coalesce(
      (array_agg(told->>'rolled_back_at' order by rank desc) filter (where told ? 'rolled_back_at'))[1]::timestamptz,
      max(occurred_at) filter (where told->>'state' = 'rolled_back')) as rolled_back_at
  from event where stream in (select stream from turn where state = 'rolled_back') group by stream
),
-- The incidents that it is confirmed to have caused, at last.
caused as (
  select distinct stream, (value->>'incident_id')::uuid as incident_id
  from (
    select distinct on (stream, key) stream, value from recorded
    cross join lateral jsonb_each(data->'set') where starts_with(key, 'deployment_cause/') order by stream, key, version desc
  ) confirmed
  where value->>'incident_id' is not null
),
-- What came into production, or did harm; and whether it failed.
arrived as (
  select ended.*, taken_back.stream is not null
    or exists (select from caused where caused.stream = ended.stream) as failed
  from ended left join taken_back using (stream)
  where state <> 'failed' or taken_back.stream is not null
    or exists (select from caused where caused.stream = ended.stream)
),
-- When what failed was made good, if it was: when the last incident that it caused was over, and if it caused none, when it was
-- taken back.
harm as (
  select caused.stream, case when count(*) = count(done.at) then max(done.at) end as over_at
  from caused left join {incident/_over} as done on done.case_id = caused.incident_id
  group by caused.stream
),
restored as (
  select arrived.stream, arrived.rank, arrived.at,
    case when harm.stream is not null then over_at else rolled_back_at end as restored_at
  from arrived left join harm using (stream) left join taken_back using (stream)
  where failed
),
