-- What came to be known later of what had been told: of an opening when it was, and from which row it is known (or, as was
-- written once, what was told of the time to which it was moved); of what else was told, that another event tells it instead.
news as (
  select case_id, version, occurred_at, opening, instead, dimensions, actor, irregular from told
  where version > 1 and (opening is not null or instead is not null)
),
moved as (
  select case_id, 1 as version, false as gone,
    (array_agg(opening order by news.version desc) filter (where opening is not null))[1] as moved_to,
    coalesce((array_agg(coalesce(dimensions, '{}') order by news.version desc) filter (where instead = 1))[1],
             (array_agg(dimensions order by news.version desc) filter (where occurred_at <= opening))[1]) - 'state' as retold,
    (array_agg(actor order by news.version desc) filter (where instead = 1))[1] as actor_then,
    (array_agg(irregular order by news.version desc) filter (where instead = 1))[1] as irregular_then
  from news group by case_id
  union all
  select case_id, case when instead = 1 then version else instead end, true, null, null, null, null
  from news where instead is not null
),
