-- The facts of satisfaction of the cases of one kind (`{kind}`) that are `concerned` among those with events from position
-- `first` to `last`, made anew from all their events up to `last`. The other facts of these cases are there already: from
-- them it is known when a case was opened, and whether it counts.
with begun as (
  select case_id, '{kind}/' || case_id as stream, next_version
  from unnest(%(begun)s::uuid[], %(next_versions)s::integer[]) as begun(case_id, next_version)
  where case_id = any(%(concerned)s::uuid[])
),
opened as (
  select case_id, opened.* from unnest(%(concerned)s::uuid[]) as concerned(case_id)
  cross join lateral (
    select at as opened_at, excluded, irregular, opened_position from kpi.{kind}_opened of_case
    where of_case.case_id = concerned.case_id
    offset 0 -- by the index, whatever the planner believes
  ) opened
),
told as (
  select split_part(stream, '/', 2)::uuid as case_id, position, version, occurred_at, type,
    (data->>'instead')::integer as instead,
    (set_then->>'opened_at')::timestamptz as opening,
    case when fields ?| array['priority', 'team_id', 'service', 'channel', 'category', 'assignee_id', 'customer_id']
      then fields - array['title', 'description', 'resolution', 'cause', 'number', 'state', 'state_since', 'opened_at',
                          'answers', 'delivery'] end as dimensions,
    case when type in ('{kind}.rated', '{kind}.complained', '{kind}.complaint_answered', '{kind}.complaint_merged')
      then data->'set' end as rows
  from (
    (
      select stream, position, version, occurred_at, type, data from log.told
      where position between %(first)s and %(last)s and left(stream, {length}) = '{kind}/'
        and split_part(stream, '/', 2)::uuid = any(%(concerned)s::uuid[])
      offset 0
    )
    union all
    select old.* from begun
    cross join lateral (
      select stream, position, version, occurred_at, type, data from log.told
      where stream = begun.stream and version < begun.next_version and position < %(first)s
      offset 0
    ) old
  ) recorded
  cross join lateral (select data->'set'->stream as set_then, data->'late'->stream as set_late offset 0) said
  cross join lateral (select coalesce(set_late || set_then, set_then, set_late) as fields offset 0) both_told
),
-- What came to be known later of the opening, and what another event tells instead.
news as (
  select case_id, version, occurred_at, opening, instead, dimensions from told
  where version > 1 and (opening is not null or instead is not null)
),
retold as (
  select case_id, 1 as version, false as gone,
    coalesce((array_agg(coalesce(dimensions, '{{}}') order by news.version desc) filter (where instead = 1))[1],
             (array_agg(dimensions order by news.version desc) filter (where occurred_at <= opening))[1]) as retold
  from news group by case_id
  union all
  select case_id, case when instead = 1 then version else instead end, true, null from news where instead is not null
),
placed as (
  select *, (row_number() over in_order)::integer as place, kpi.merged(dimensions) over in_order as known
  from (
    select case_id, position, version, type, rows,
      case when version = 1 then opened_at else occurred_at end as at,
      coalesce(dimensions || retold, retold, dimensions) as dimensions,
      excluded, irregular, opened_position
    from told left join retold using (case_id, version)
    join opened using (case_id)
    where gone is not true
  ) corrected
  window in_order as (partition by case_id order by version > 1, at, position)
),
fact as (
  select case_id, place, at, type, rows, known->>'priority' as priority, (known->>'team_id')::uuid as team_id,
    known->>'service' as service, known->>'channel' as channel, known->>'category' as category,
    (known->>'assignee_id')::uuid as assignee_id, (known->>'customer_id')::uuid as customer_id,
    excluded, irregular, position, opened_position
  from placed
  where rows is not null or type = '{kind}.rating_asked'
),
-- Each event tells what it changed: no score where the same one was given again, and whose it is only where that is otherwise.
scored as (
  select case_id, place, at, (said->>'score')::smallint as score, said->'by_staff' as by_staff
  from fact cross join lateral jsonb_each(rows) as one(name, said)
  where type = '{kind}.rated' and starts_with(name, 'rating/')
),
-- The first rating decides the month, the last one within 30 days of it is what counts; one by staff counts as none.
rating as (
  select case_id, min(place) filter (where score is not null) as place, min(first_at) as at,
    (array_agg(score order by place desc) filter (where score is not null and at <= first_at + interval '720 hours'))[1] as score,
    (array_agg(by_staff order by place desc) filter (where by_staff is not null and at <= first_at + interval '720 hours'))[1]
      = 'true' as by_staff
  from (select *, first_value(at) over (partition by case_id order by score is null, place) as first_at from scored) scored
  group by case_id
  having count(score) > 0
),
rated as (
  select case_id, fact.at, priority, team_id, service, channel, category, assignee_id, customer_id,
    coalesce(excluded, case when by_staff then 'staff' end) as excluded, irregular, position, opened_position, score
  from rating join fact using (case_id, place)
),
rating_asked as (
  select distinct on (case_id) case_id, fact.at, priority, team_id, service, channel, category, assignee_id, customer_id,
    excluded, irregular, position, opened_position,
    coalesce(rating.at <= fact.at + interval '720 hours', false) as rated
  from fact left join rating using (case_id)
  where type = '{kind}.rating_asked' order by case_id, fact.place
),
complaint_told as (
  select case_id, place, at, type, substr(name, 11)::uuid as complaint_id, said
  from fact cross join lateral jsonb_each(rows) as one(name, said)
  where starts_with(name, 'complaint/') and said <> 'null'
),
complaint as (
  select case_id, complaint_id,
    min(place) filter (where type = '{kind}.complained') as place,
    min(place) filter (where type = '{kind}.complaint_answered' and said->>'answered_at' is not null) as answer_place,
    bool_or(said->>'merged_at' is not null) as merged, max(said->>'subject') as subject,
    max((said->>'due_at')::timestamptz) as due_at
  from complaint_told group by case_id, complaint_id
),
complaint_ended as (
  select complaint.case_id, complaint_id, complaint.place, subject, due_at, case when merged then 'duplicate' end as merged,
    answer.place as answer_place, answer.at as ended_at
  from complaint left join fact answer on answer.case_id = complaint.case_id and answer.place = answer_place
  where complaint.place is not null
),
complained as (
  select case_id, complaint_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, subject,
    merged as excluded, irregular, position, opened_position, ended_at,
    greatest(round(extract(epoch from ended_at - at)), 0)::bigint as ended_seconds
  from complaint_ended join fact using (case_id, place)
),
complaint_answered as (
  select fact.case_id, ended.complaint_id, fact.at, fact.priority, fact.team_id, fact.service, fact.channel, fact.category,
    fact.assignee_id, fact.customer_id, ended.subject, ended.merged as excluded, fact.irregular, fact.position,
    fact.opened_position, complained.ended_seconds as seconds, coalesce(fact.at <= due_at, false) as met
  from complaint_ended ended join fact on fact.case_id = ended.case_id and fact.place = ended.answer_place
  join complained on complained.case_id = ended.case_id and complained.complaint_id = ended.complaint_id
)
