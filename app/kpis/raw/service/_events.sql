-- The SLAs that were signed, as they were told last: for which services each is in force (null: all), and when.
signed as (
  select stream as agreement, jsonb_object_agg(key, value order by version) as fields
  from log.told cross join lateral jsonb_each(data->'set'->stream)
  where starts_with(stream, 'sla/') and position <= %(position)s and value <> 'null'
    -- What was told last counts, also that there is none.
    and not exists (
      select from log.told later where later.stream = told.stream and later.version > told.version and later.position <= %(position)s
      and later.data->'set'->later.stream->key = 'null')
  group by stream
),
in_force as (
  select nullif(fields->'services', '[]') as services, (fields->>'begins_at')::timestamptz as begins_at,
    coalesce((fields->>'ends_at')::timestamptz, 'infinity') as ends_at
  from signed
  where fields->>'agreement_type' = 'SLA' and fields ? 'signed_at'
    -- One with a customer is for the services that it names; one of catalogue items is for none.
    and not (fields ? 'customer_id' and nullif(fields->'services', '[]') is null)
    and nullif(fields->'catalogue_items', '[]') is null
),
