-- Who offered a suggestion (of a rule's nobody), and of which team they were then, as the log had it.
offer as (
  select event.stream, event.position, opened_at, event.told->>'author_id' as author,
    case when event.told->>'author_id' is null then 'rule' else 'person' end as offered_by, (
      select data->'set'->log.told.stream->>'team_id' from log.told
      where log.told.stream = 'person/' || (event.told->>'author_id') and log.told.position <= event.position
        and data->'set'->log.told.stream ? 'team_id'
      order by log.told.version desc limit 1
    ) as of_team
  from event join opening using (stream) where rank = 1
),
-- The improvement that carries it out, as was told last.
carried as (
  select distinct on (stream) stream, 'improvement/' || (told->>'improvement_id') as improvement from event
  where told ? 'improvement_id' order by stream, rank desc
),
-- When each improvement was standardised first, and its size as was told last.
improved as (
  select stream as improvement, (
      select occurred_at from log.told first
      where first.stream = opened.stream and first.type = 'improvement.standardised' and first.position <= %(position)s
      order by first.version > 1, first.occurred_at, first.position limit 1
    ) as standardised_at, (
      select data->'set'->sized.stream->>'size' from log.told sized
      where sized.stream = opened.stream and data->'set'->sized.stream ? 'size' and sized.position <= %(position)s
      order by sized.version = 1, sized.occurred_at desc, sized.position desc limit 1
    ) as size
  from log.told opened where starts_with(stream, 'improvement/') and version = 1 and position <= %(position)s
),
