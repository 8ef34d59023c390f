-- How incidents from number `first` to `last` went, as the consumer would have written it: they were opened one after the other
-- between `begins` and `ends`, at the rate of cases of a large desk; with some hundreds of variants, one in ten reopened.
create temp table went on commit drop as
select id, started_at, path.steps, team_id, service, customer_id
from (
  select uuidv7() as id, %(begins)s::timestamptz + (n - %(first)s::bigint) * (%(ends)s::timestamptz - %(begins)s::timestamptz)
      / (%(last)s::bigint - %(first)s::bigint + 1) as started_at,
    random() as acknowledged, random() as started, (random() ^ 3 * 4)::integer as held, (random() ^ 6 * 2.6)::integer as reopened,
    random() as closed, md5('team' || (random() * 19)::integer)::uuid as team_id, 'service-' || (random() * 19)::integer as service,
    md5('customer' || (random() * 99)::integer)::uuid as customer_id
  from generate_series(%(first)s::bigint, %(last)s::bigint) n
) drawn
cross join lateral (
  select array['incident.reported'] || case when acknowledged < 0.9 then array['incident.acknowledged'] else '{}' end
    || case when started < 0.8 then array['incident.started'] else '{}' end
    || array(select one from generate_series(1, held) k, unnest(array['incident.held', 'incident.resumed']) one)
    || array['incident.resolved']
    || array(select one from generate_series(1, reopened) k,
         unnest(array['incident.reopened', 'incident.held', 'incident.resumed', 'incident.resolved']) one)
    || case when closed < 0.98 then array['incident.closed'] else array['incident.cancelled'] end as steps
) path;

create temp table walked on commit drop as
select id, n::integer as n, type, lag(type) over in_order as previous, case when n > 1 then seconds end as seconds,
  started_at + sum(case when n > 1 then seconds else 0 end) over in_order * interval '1 second' as at
from (
  select id, started_at, n, type, (-ln(1 - random()) * 14400)::bigint as seconds
  from went cross join lateral unnest(steps) with ordinality as one(type, n)
) drawn
window in_order as (partition by id order by n);

insert into kpi.process_step (case_id, n, type, previous, seconds, state, state_before, at, returns)
select id, n, type, previous, seconds, state, lag(state) over in_order, at,
  row_number() over (partition by id, state order by n) > 1 and lag(state) over in_order <> 'on_hold'
from (
  select *, case type when 'incident.reported' then 'new' when 'incident.acknowledged' then 'acknowledged'
    when 'incident.held' then 'on_hold' when 'incident.resolved' then 'resolved' when 'incident.closed' then 'closed'
    when 'incident.cancelled' then 'cancelled' else 'in_progress' end as state
  from walked
) stated
window in_order as (partition by id order by n);

insert into kpi.process_case (case_id, kind, source, state, started_at, ended_at, seconds, team_id, assignee_id, service, customer_id,
  variant, steps, step_seconds, all_variant, all_steps, all_changes, all_seconds)
select went.id, 'incident', 'api', 'closed', started_at, ended_at, round(extract(epoch from ended_at - started_at))::bigint, team_id,
  null, service, customer_id, md5(array_to_string(steps, ' '))::uuid, steps, step_seconds, md5(array_to_string(all_steps, ' '))::uuid, all_steps,
  all_changes, all_seconds
from went
join (
  select id, max(at) as ended_at, array_agg(coalesce(seconds, 0) order by n) filter (where not extra) as step_seconds,
    array_agg(type order by n, extra) as all_steps, array_agg(not extra order by n, extra) as all_changes,
    array_agg(case when extra then 0 else coalesce(seconds, 0) end order by n, extra) as all_seconds
  from (
    select id, n, type, seconds, at, false as extra from walked
    union all
    select id, n, 'incident.commented', 0, at, true from walked where n in (2, 3)
  ) one
  group by id
) whole on whole.id = went.id;

insert into kpi.process_handover (case_id, holding, n, from_id, to_id, seconds, at, returns)
select id, 'team', k, md5('team' || (random() * 19)::integer)::uuid, team_id, (random() * 7200)::bigint, started_at, random() < 0.2
from went, generate_series(1, 2) k where random() < 0.3;
