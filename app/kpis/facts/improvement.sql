-- The facts of the improvements that have events from position `first` to `last`, made anew from all their events up to `last`;
-- see problem.sql.
{recorded}told as (
  select case_id, position, version, occurred_at, type, data ? 'irregular' as irregular, fields, rows, milestones
  from recorded
  cross join lateral (
    select jsonb_build_object('state', null, 'process', null, 'size', null, 'judged_position', null, 'benefit_months', null,
      'next_benefit_due_at', null, 'priority', null, 'team_id', null, 'assignee_id', null, 'customer_id', null) as looked_for offset 0
  ) names
  cross join lateral (
    select jsonb_object_agg(key, value) as fields from jsonb_each(data->'set'->stream) where looked_for ? key offset 0
  ) said
  cross join lateral (
    select jsonb_object_agg(key, value) filter (where left(key, 24) = 'improvement_measurement/') as rows,
      jsonb_object_agg(key, value) filter (where left(key, 10) = 'milestone/') as milestones
    from jsonb_each(data->'set') offset 0
  ) beneath
),
placed as (
  select *, (row_number() over in_order)::integer as place,
    kpi.merged(coalesce(fields, '{}')) over in_order as known,
    max(position) filter (where version = 1) over whole as opened_position, bool_or(irregular) over whole as any_irregular
  from told
  window in_order as (partition by case_id order by version > 1, occurred_at, position), whole as (partition by case_id)
),
fact as materialized (
  select case_id, place, type, occurred_at as at, known->>'process' as process, known->>'size' as size, null::text as excluded,
    any_irregular as irregular, position, opened_position, (known->>'judged_position')::bigint as named, fields,
    known, milestones
  from placed
),
-- When it was standardised first, and its size as was told last.
improvement_course as (
  select case_id, (array_agg(size order by place desc))[1] as size,
    (array_agg(at order by place) filter (where type = 'improvement.standardised'))[1] as standardised_at,
    (array_agg(position order by place) filter (where type = 'improvement.standardised'))[1] as position
  from fact group by case_id
),
-- What became of its pilot: at the first judgement, and in the end. One that goes on is not decided, unless it was given up.
improvement_pilot_judged as (
  select distinct on (case_id) case_id, at, process, size, excluded, irregular, position, opened_position,
    type = 'improvement.pilot_passed' as passed, last_type = 'improvement.pilot_passed' as finally_passed,
    last_type <> 'improvement.pilot_extended' or given_up as pilot_ended
  from (
    select *, last_value(type) over (partition by case_id order by place rows between unbounded preceding and unbounded following)
      as last_type,
      exists (select from fact other where other.case_id = fact.case_id and other.type = 'improvement.reverted') as given_up
    from fact where type in ('improvement.pilot_passed', 'improvement.pilot_extended', 'improvement.pilot_stopped')
  ) judgement
  order by case_id, place
),
-- The judgement that counts is the last one, with the effects that were measured at the position that it names.
judged as (
  select distinct on (case_id) * from fact
  where type in ('improvement.evaluated', 'improvement.pilot_passed', 'improvement.pilot_stopped') order by case_id, place desc
),
measured as (
  select case_id, version, row->>'target' as target, row->>'verdict' as verdict, row->>'occasion' as occasion,
    (row->>'effect')::numeric as effect, (row->>'promised_effect')::numeric as promised, (row->>'kept')::boolean as kept,
    (row->>'position')::bigint as measured_position, row->>'effect_id' as effect_id
  from told cross join lateral jsonb_each(rows) as one(key, row) where rows is not null
),
-- Achieved: the interval excludes no effect, and what was measured is 80 % of what was promised. No effect is 1 of a ratio, else 0.
improvement_target_judged as (
  select case_id, (row_number() over (partition by case_id order by target))::integer as n, at, process, size, excluded, irregular,
    position, opened_position, target,
    coalesce(verdict = 'improved' and promised <> nothing
      and (effect - nothing) * sign(promised - nothing) >= 0.8 * abs(promised - nothing), false) as achieved
  from (
    select distinct on (judged.case_id, target) judged.*, target, verdict, effect, promised, effect_id
    from judged join measured on measured.case_id = judged.case_id and measured_position = named
    order by judged.case_id, target, measured.version desc
  ) newest
  left join lateral (
    select case data->'set'->stream->'result'->>'scale' when 'ratio' then 1 else 0 end as nothing from log.told
    where stream = 'kpi_effect/' || effect_id and version = 1 and position <= newest.position
  ) of_effect on true
),
improvement_judged as (
  select case_id, at, process, size, excluded, irregular, position, opened_position,
    coalesce((select bool_and(achieved) from improvement_target_judged target where target.case_id = judged.case_id), false) as achieved
  from judged
),
-- The checks of its benefit, by when each was due as was told last. What nobody could measure any more was not kept.
improvement_benefit_due as (
  select distinct on (case_id, n) case_id, n, due_at as at, process, size, excluded, irregular, position, opened_position,
    coalesce((
      select bool_and(coalesce(kept, false)) from measured
      where measured.case_id = benefit.case_id and occasion = 'month_' || n), false) as kept
  from (
    select *, (fields->>'next_benefit_due_at')::timestamptz as due_at,
      case when type = 'improvement.standardised' then 3 when fields->>'benefit_months' = '3' then 6
        when fields->>'benefit_months' = '6' then 12 end as n
    from fact where fields->>'next_benefit_due_at' is not null
  ) benefit
  where n is not null order by case_id, n, place desc
),
-- Its first plan that was approved: by when its last milestone was due, of those that had not been dropped by then.
promise as (
  select case_id, max(due::timestamptz) as due_at
  from (
    select approved.case_id, (kpi.merged(row) over (partition by approved.case_id, key order by fact.place))->>'due_at' as due,
      row_number() over (partition by approved.case_id, key order by fact.place desc) as back,
      bool_or(row->>'dropped_at' is not null) over (partition by approved.case_id, key) as dropped
    from (select case_id, min(place) as place from fact where type in (
      'improvement.plan_approved', 'improvement.plan_approved_by_decision', 'improvement.chartered_with_plan') group by case_id) approved
    join fact on fact.case_id = approved.case_id and fact.place <= approved.place
    cross join lateral jsonb_each(fact.milestones) as one(key, row) where fact.milestones is not null
  ) planned
  where back = 1 and not dropped group by case_id
),
delivery as (
  select distinct on (case_id) * from fact where type = 'improvement.handed_over' order by case_id, place
),
-- Handed over by then, or else not, unless nothing was to be handed over any more.
improvement_project_due as (
  select case_id, at, known->>'priority' as priority, (known->>'team_id')::uuid as team_id, (known->>'assignee_id')::uuid as assignee_id,
    (known->>'customer_id')::uuid as customer_id, excluded, irregular, position, opened_position, true as met
  from delivery join promise using (case_id) where at <= due_at
  union all
  select case_id, due_at, known->>'priority', (known->>'team_id')::uuid, (known->>'assignee_id')::uuid, (known->>'customer_id')::uuid,
    excluded, irregular, opened_position, opened_position, false
  from (
    select distinct on (case_id) fact.*, due_at from fact join promise using (case_id)
    where place = 1 or at < due_at order by case_id, place desc
  ) stood
  where known->>'state' not in ('rejected', 'reverted')
    and exists (select from fact opened where opened.case_id = stood.case_id and opened.place = 1 and opened.at < due_at)
    and not exists (select from delivery where delivery.case_id = stood.case_id and delivery.at <= due_at)
)
