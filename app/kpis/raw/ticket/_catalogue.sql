-- What definitions of what cases name begin with besides: since which position the catalogue has held which key (of categories
-- those of the process; what is retired is held, too), and the cases whose opening names one that it did not hold before.
catalogue_key as (
  select kind, fields->>'key' as key, position
  from (
    select split_part(stream, '/', 1) as kind, data->'set'->stream as fields, position from log.told
    where version = 1 and position <= %(position)s
      and (starts_with(stream, 'service/') or starts_with(stream, 'ci/') or starts_with(stream, 'category/'))
    offset 0
  ) added
  where kind <> 'category' or fields->>'process' = '{process}'
),
unknown_key as (
  select distinct named.stream
  from (
    select stream, position, kind, data->'set'->stream->>kind as key
    from recorded cross join unnest(array['service', 'ci', 'category']) kind
    where version = 1
  ) named
  left join catalogue_key held on held.kind = named.kind and held.key = named.key and held.position < named.position
  where named.key is not null and held.key is null
),
