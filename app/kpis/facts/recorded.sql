-- Cases that had begun before, and where they go on.
with begun as (
  select case_id, '{process}/' || case_id as stream, next_version
  from unnest(%(begun)s::uuid[], %(next_versions)s::integer[]) as begun(case_id, next_version)
),
-- All events of the affected cases of a share: those of the batch, and what went before, one index probe for each case that
-- had begun, whatever the planner believes. With `offset 0` their `data` is read once.
recorded as (
  (
    select substr(stream, {length} + 1)::uuid as case_id, stream, position, version, occurred_at, type, actor, on_behalf_of, data
    from log.told
    where position between %(first)s and %(last)s and left(stream, {length}) = '{process}/'
      and kpi.share(stream, %(shares)s) = %(share)s
    offset 0
  )
  union all
  select old.* from begun
  cross join lateral (
    select begun.case_id, stream, position, version, occurred_at, type, actor, on_behalf_of, data from log.told
    where stream = begun.stream and version < begun.next_version and position < %(first)s
    offset 0
  ) old
),
