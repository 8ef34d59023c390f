-- Its turns to another state than the one that it was in.
entry as (
  select * from turn where state is distinct from state_before
),
-- Handed in is what is no draft any more: submitted, or scheduled from a template.
handing as (
  select distinct on (stream) * from turn where state <> 'draft' order by stream, rank
),
-- Of what came from the draft to another state, nobody knows when it was handed in.
handed_type as (
  select distinct on (handing.stream, handing.rank) handing.stream, handing.rank, told->>'type' as type
  from handing join event on event.stream = handing.stream and event.rank <= handing.rank and told ? 'type'
  order by handing.stream, handing.rank, event.rank desc
),
handed_in as (
  select handing.* from handing left join handed_type using (stream, rank)
  where handing.state = 'submitted' or (handing.state = 'scheduled' and handed_type.type = 'standard')
),
start as (
  select distinct on (stream) * from turn where state = 'implementing' order by stream, rank
),
completion as (
  select distinct on (stream) * from turn where state = 'implemented' order by stream, rank
),
-- The first end of its implementation.
outcome as (
  select distinct on (stream) * from turn where state in ('implemented', 'backed_out') order by stream, rank
),
-- What its review said last, if there was one.
review as (
  select stream,
    (array_agg(told->>'outcome' order by rank desc) filter (where told ? 'outcome'))[1] as outcome,
    (array_agg(told->>'first_pass' order by rank desc) filter (where told ? 'first_pass'))[1]::boolean as first_pass
  from event group by stream
),
-- Those that ended with no word of how they went.
unjudged as (
  select stream from last_turn left join review using (stream) where state = 'closed' and review.outcome is null
),
-- What it is linked to as the cause of, at last.
caused as (
  select distinct stream
  from (
    select distinct on (stream, key) stream, value from recorded
    cross join lateral jsonb_each(data->'set') where starts_with(key, 'link/') order by stream, key, version desc
  ) linked
  where value->>'kind' = 'causes' and starts_with(value->>'other', 'incident/')
),
