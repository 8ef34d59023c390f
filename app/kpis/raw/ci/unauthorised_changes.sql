-- parts: cases, team_id
-- unauthorised_changes: of the alterations of configuration items after they went live, those that no change had authorised;
-- under the team of whoever answered for the item then. Regularised is one behind which a change was named that was approved
-- later.
owned as (
  select alteration.*, (
    select told->>'owner_id' from event
    where event.stream = alteration.stream and event.rank <= alteration.rank and told ? 'owner_id'
    order by event.rank desc limit 1) as owner_id
  from alteration
),
-- The teams of persons, each by when the log had it.
team_of as (
  select stream as person, position, data->'set'->stream->>'team_id' as team_id from log.told
  where starts_with(stream, 'person/') and position <= %(position)s and data->'set'->stream ? 'team_id'
),
decided as (
  select stream, rank, occurred_at as at, case when authorised then 0 else 1 end as numerator, 1 as denominator,
    case when authorised then 'authorised'
      when exists (
        select from event where event.stream = owned.stream and event.rank > owned.rank and type = 'ci.regularised'
          and coalesce((told->>'regularised_number')::integer, owned.number) = owned.number
      ) then 'regularised'
      else 'unauthorised' end as authorisation, (
      select team_id from team_of where person = 'person/' || owner_id and team_of.position <= owned.position
      order by team_of.position desc limit 1
    ) as team_id
  from owned
)
