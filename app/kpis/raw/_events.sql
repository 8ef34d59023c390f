-- What every definition begins with: the events of every case up to the position, each read once (`offset 0`), and in the
-- order of its life: the opening, then by when they happened. What was told late was true then, though it changed nothing
-- any more. `{process}` is the kind of the cases.
with recorded as (
  select stream, position, version, occurred_at, recorded_at, source, type, actor, on_behalf_of, data from log.told
  where starts_with(stream, '{process}/') and position <= %(position)s
  offset 0
),
parsed_event as (
  select *, (data->'set'->stream->>'opened_at')::timestamptz as opened_at,
    coalesce(data->'late'->stream, '{}') || coalesce(data->'set'->stream, '{}')
      - array['title', 'description', 'resolution', 'cause'] as told_of_it
  from recorded
  offset 0
),
-- With the role that its approval was asked of, where an event asks for another one or for none.
logged_event as (
  select stream, position, version, occurred_at, recorded_at, source, type, actor, on_behalf_of, opened_at,
    data ? 'observed' as observed, data ? 'irregular' as irregular, (data->>'instead')::integer as instead,
    case when told_of_it ? 'approval_id' then told_of_it || (
      select jsonb_build_object('approver_role', max(asked.row->>'role'))
      from jsonb_each(data->'set') asked(name, row) where asked.name = 'decision/' || (told_of_it->>'approval_id')
    ) else told_of_it end as said
  from parsed_event
),
-- What came to be known later of its opening: from which row it is known, or, as was written once, what was told of the time
-- to which it was moved.
moved as (
  select distinct on (stream) stream, said - 'state' as retold,
    case when instead = 1 then actor end as actor_then, case when instead = 1 then irregular end as irregular_then
  from logged_event
  where version > 1 and (instead = 1 or occurred_at <= opened_at) order by stream, instead is not distinct from 1 desc, version desc
),
-- When it was opened is what was recorded last of that.
opening as (
  select distinct on (stream) stream, coalesce(opened_at, occurred_at) as opened_at
  from logged_event where version = 1 or opened_at is not null order by stream, version desc
),
-- The events that count: not those that another one was told instead of, nor those that tell of the opening again. What an
-- opening says besides is which tool told of it: of an alert the one that it names, of a suggestion where it comes from.
event as (
  select stream, position, version, recorded_at, source, type, on_behalf_of, observed,
    case when version = 1 then opening.opened_at else occurred_at end as occurred_at,
    case when version = 1 and irregular_then is not null then actor_then else actor end as actor,
    case when version = 1 and irregular_then is not null then irregular_then else irregular end as irregular,
    case when version = 1 then said || coalesce(retold, '{}')
      || jsonb_build_object('source', coalesce((said || coalesce(retold, '{}'))->>'alert_source', said->>'source', source)) else said end as told,
    row_number() over (partition by stream order by version <> 1, occurred_at, position) as rank
  from logged_event join opening using (stream) left join moved using (stream)
  where instead is distinct from 1
    and not exists (
      select from logged_event later where later.stream = logged_event.stream and later.instead = logged_event.version and logged_event.version > 1)
),
-- Who held it after each event, whoever was named last; and since when its holders have had a hand in it.
assignment as (
  select *, max(told->>'assignee_id') over (partition by stream, naming) as holder
  from (
    select *, count(*) filter (where told ? 'assignee_id') over (partition by stream order by rank) as naming from event
  ) named
),
involvement as (
  select stream, holder, min(rank) as first_rank from assignment where actor = 'person:' || holder group by stream, holder
),
