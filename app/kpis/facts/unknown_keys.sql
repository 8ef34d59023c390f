-- What the openings from position `first` to `last` name that the catalogue did not hold yet: first the keys that these events add
-- to it, then the cases whose opening names a service, an item or a category of its process by a key that no event before it
-- has added. What is retired is held, too.
with opening as (
  select position, split_part(stream, '/', 1) as kind, split_part(stream, '/', 2)::uuid as id, data->'set'->stream as fields
  from log.told
  where position between %(first)s and %(last)s and version = 1
    and split_part(stream, '/', 1) in ('service', 'ci', 'category', 'incident', 'request')
  offset 0
),
added as (
  select kind, coalesce(case when kind = 'category' then fields->>'process' end, '') as process, fields->>'key' as key,
    min(position) as position
  from opening where kind in ('service', 'ci', 'category') and fields->>'key' is not null
  group by 1, 2, 3
),
held as (
  insert into kpi.catalogue_key (kind, process, key, position) select kind, process, key, position from added
  on conflict do nothing
),
named as (
  select id, position, reference.*
  from opening cross join lateral (
    values ('service', '', fields->>'service'), ('ci', '', fields->>'ci'), ('category', opening.kind, fields->>'category')
  ) reference(kind, process, key)
  where opening.kind in ('incident', 'request') and reference.key is not null
)
insert into kpi.unknown_key_case (case_id)
select distinct id from named
where not exists (
    select from kpi.catalogue_key
    where catalogue_key.kind = named.kind and catalogue_key.process = named.process and catalogue_key.key = named.key
      and catalogue_key.position < named.position)
  and not exists (
    select from added
    where added.kind = named.kind and added.process = named.process and added.key = named.key and added.position < named.position)
on conflict do nothing
