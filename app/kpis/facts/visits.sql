-- The visits of portals that the events from position `first` to `last` say something of, or that are of somebody who raised a
-- ticket in these, made anew from all that is known of them.
with concerned as (
  select session from kpi.visit_event where position between %(first)s and %(last)s
  union
  select visit_event.session from kpi.ticket_raised raised
  join kpi.visit_event on visit_event.person = raised.person
  join kpi.article_visit visit on visit.session = visit_event.session
  where raised.position between %(first)s and %(last)s and visit.at <= raised.at and visit.at > raised.at - interval '24 hours'
),
event as (
  select visit_event.* from concerned join kpi.visit_event using (session)
),
-- Of each article that was suggested in it, whether it was opened, and what was said of it last.
suggested as (
  select session, bool_or(what = 'viewed') as viewed,
    (array_agg(helped order by at desc, position desc) filter (where what = 'rated'))[1] as helped
  from event group by session, article_id having bool_or(what = 'shown')
),
visit as (
  select session, bool_or(viewed) as viewed, coalesce(bool_or(viewed and helped), false) as helped,
    coalesce(bool_or(viewed and helped is not null), false) as rated
  from suggested group by session
),
begun as (
  select distinct on (session) session, article_id, at, position from event where what = 'shown' order by session, at, position
),
raised as (
  select session, min(raised.position) as position
  from (select distinct session, person from event where person is not null) visitor join begun using (session)
  join kpi.ticket_raised raised on raised.person = visitor.person
    and raised.at >= begun.at and raised.at < begun.at + interval '24 hours'
  group by session
)
insert into kpi.article_visit as old (session, case_id, at, deflected, confirmed, position, positions)
select session, begun.article_id, begun.at, viewed and (helped or not rated) and raised.position is null,
  viewed and helped and raised.position is null and known, begun.position, array_remove(events || raised.position, null)
from begun join visit using (session)
join (
  select session, array_agg(position order by position) as events, bool_or(person is not null) as known from event group by session
) whole using (session)
left join raised using (session)
on conflict (session) do update set case_id = excluded.case_id, at = excluded.at, deflected = excluded.deflected,
  confirmed = excluded.confirmed, position = excluded.position, positions = excluded.positions
where (old.case_id, old.at, old.deflected, old.confirmed, old.position, old.positions)
  is distinct from (excluded.case_id, excluded.at, excluded.deflected, excluded.confirmed, excluded.position, excluded.positions)
