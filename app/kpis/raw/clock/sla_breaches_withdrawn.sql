-- parts: cases, excluded, known_then
-- sla_breaches_withdrawn: breaches of agreements with customers that were said to be none, by what took them away; as the case was
-- known then.
withdrawal as (
  select head.about as stream, told.position, told.occurred_at, told.data->'clock' as said
  from log.told join log.stream_head head using (stream)
  where told.type = 'clock.breach_withdrawn' and told.position <= %(position)s and starts_with(head.about, '{process}/')
),
decided as (
  select stream, null::bigint as rank, withdrawal.occurred_at as at, 1 as numerator, 1 as denominator,
    true as standing, (said->>'agreement')::uuid as agreement_id, said->>'metric' as metric,
    coalesce(said->>'because', 'unknown') as cause, (
      select jsonb_object_agg(field.key, field.value) from (
        select distinct on (field.key) field.key, field.value
        from recorded cross join lateral jsonb_each(
          coalesce(data->'late'->recorded.stream, '{}') || coalesce(data->'set'->recorded.stream, '{}')) field
        where recorded.stream = withdrawal.stream and recorded.position < withdrawal.position
          -- Not what another event had been told instead of by then; the opening is as it was told last.
          and not exists (
            select from recorded later
            where later.stream = recorded.stream and later.position < withdrawal.position and case recorded.data->'instead'
              when '1' then later.data->'instead' = '1' and later.version > recorded.version
              else recorded.version > 1 and (later.data->>'instead')::integer = recorded.version
            end)
        order by field.key, version = 1, recorded.data->'instead' is not distinct from '1', recorded.occurred_at desc,
          recorded.position desc
      ) field
    ) as known_then
  from withdrawal where said->>'agreement_type' = 'SLA'
)
