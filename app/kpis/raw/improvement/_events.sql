-- The judgements of improvements that count: of each the last one, and the log position that it names.
judgement as (
  select distinct on (stream) stream, rank, position, occurred_at, (
      select told->>'judged_position' from event named
      where named.stream = event.stream and named.rank <= event.rank and told ? 'judged_position' order by named.rank desc limit 1
    )::bigint as named
  from event where type in ('improvement.evaluated', 'improvement.pilot_passed', 'improvement.pilot_stopped')
  order by stream, rank desc
),
-- All that was measured; and of each target KPI, at each position, what was told last.
measured as (
  select stream, version, row, row->>'target' as target, (row->>'position')::bigint as measured_position
  from recorded cross join lateral jsonb_each(data->'set') as one(key, row)
  where starts_with(key, 'improvement_measurement/')
),
measurement as (
  select distinct on (stream, target, measured_position) * from measured order by stream, target, measured_position, version desc
),
-- The target KPIs that were judged, with the effect and the promise less what either would be if nothing had changed: 1 of a
-- ratio, 0 of a difference.
target as (
  select judgement.stream, judgement.rank, judgement.occurred_at, target, row->>'verdict' as verdict,
    (row->>'effect')::numeric - nothing as effect, (row->>'promised_effect')::numeric - nothing as promised
  from judgement
  join measurement on measurement.stream = judgement.stream and measured_position = named
  left join (
    select stream as effect_stream, position as effect_position,
      case when data->'set'->stream->'result'->>'scale' = 'ratio' then 1 else 0 end as nothing
    from log.told where starts_with(stream, 'kpi_effect/') and version = 1 and position <= %(position)s
  ) compared on effect_stream = 'kpi_effect/' || (row->>'effect_id') and effect_position <= judgement.position
),
-- Achieved: the interval excludes no effect, and the effect is at least four fifths of the promise, in its direction.
achieved as (
  select *, coalesce(verdict = 'improved' and case when promised > 0 then effect >= 0.8 * promised
    when promised < 0 then effect <= 0.8 * promised end, false) as achieved
  from target
),
-- Judgements of pilots.
pilot_judgement as (
  select stream, rank, occurred_at, substr(type, 19) as said from event
  where type in ('improvement.pilot_passed', 'improvement.pilot_extended', 'improvement.pilot_stopped')
),
