-- The findings that stand: what was withdrawn is none.
finding as (
  select stream, rank, occurred_at, coalesce((told->>'self_found')::boolean, false) as self_found, told->>'repeats_id' as repeats
  from event
  where rank = 1 and not exists (select from event later where later.stream = event.stream and later.type = 'finding.withdrawn')
),
