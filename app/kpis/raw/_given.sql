,
-- What definitions of openings end with besides: whom a case was given to first, whenever that was. Theirs is its opening (rule
-- 9), for hardly any is anybody's as it is opened.
first_given as (
  select stream, (array_agg(told->>'team_id' order by rank) filter (where told->>'team_id' is not null))[1] as team_id,
    (array_agg(told->>'assignee_id' order by rank) filter (where told->>'assignee_id' is not null))[1] as assignee_id
  from event group by stream
)
