-- What each event says to clocks, and where the case stood before it; what it waits for is named only when that is something
-- else than the last time, by what another system tells.
clock_said as (
  select *, lag(stood) over life as stood_before, reason is distinct from lag(reason) over life as waits_for_another,
    min(rank) filter (where observed and moves and rank > 1) over (partition by stream) as first_move
  from (
    select stream, rank, position, observed, date_trunc('second', greatest(occurred_at, opened_at)) as at, split_part(type, '.', 2) as what,
      told->>'state' as state, max(told->>'state') over (partition by stream, states) as stood,
      max(told->>'hold_reason') over (partition by stream, reasons) as reason,
      coalesce(told->>'hold_reason', told->>'supplier_id') is not null as awaits,
      date_trunc('second', (told->>'service_restored_at')::timestamptz) as restored_at,
      split_part(type, '.', 2) in ('acknowledged', 'assessed', 'started', 'held', 'resumed', 'resolved', 'fulfilled', 'accepted',
        'closed', 'reopened') as moves,
      starts_with(actor, 'rule:') and on_behalf_of is null as by_rule,
      coalesce('person:' || max(told->>'requester_id') over (partition by stream, requesters) in (actor, on_behalf_of), false)
        as by_requester
    from (
      select event.*, opening.opened_at, count(*) filter (where told->>'state' is not null) over life as states,
        count(*) filter (where told->>'hold_reason' is not null or (split_part(type, '.', 2) = 'held' and not observed)) over life
          as reasons,
        count(*) filter (where told ? 'requester_id') over life as requesters
      from event join opening using (stream) where stream in (select stream from clock_aimed)
      window life as (partition by stream order by rank)
    ) counted
  ) said
  window life as (partition by stream order by rank)
),
-- Which comments everybody may read. This, and what else is asked of all events of a case, is a join: a subquery for each row
-- would go through all events for each.
clock_message as (
  select stream, position, bool_or(said.row->>'visibility' = 'public') as public
  from recorded cross join lateral jsonb_each(data->'set') said(name, row)
  where type like '%%.commented' and starts_with(said.name, 'comment/')
  group by stream, position
),
-- Of a case that another system tells of by its states more follows than it says: that it is answered once it goes on, that a
-- wait is over once it stands elsewhere or waits for something else, what it waits for now, and that service is back.
clock_mark as (
  select stream, rank, 10 * rank + part as seq, position, at, heard, restored_at, public, by_requester, by_rule, state,
    case when heard = 'held' then reason end as reason
  from (
    select clock_said.*, part, heard, coalesce(clock_message.public, false) as public
    from clock_said left join clock_message using (stream, position)
    cross join lateral (
      select observed and rank > 1 and stood_before = 'on_hold' as waited, coalesce(state = 'on_hold', true) as stays
    ) wait
    cross join lateral (
      select (waited and stays and awaits and not moves and what not in ('cancelled', 'marked_duplicate', 'rejected', 'refused',
          'contained', 'commented', 'update_posted')) as waits_on,
        observed and state = 'on_hold' and what not in ('held', 'commented') as waits_by_state
    ) again
    cross join lateral (values
      (1, case when rank = first_move and what not in ('acknowledged', 'assessed', 'started') then 'answered' end),
      (2, case when (waited and not stays and what <> 'resumed')
            or (waited and waits_for_another and (what = 'held' or waits_on or waits_by_state)) then 'resumed' end),
      (3, case when waits_on then 'held' end),
      (4, case when observed and rank > 1 and restored_at is not null and what not in ('contained', 'resolved', 'commented')
            then 'contained' end),
      (5, case when rank = 1 then 'opened'
            when what in ('acknowledged', 'assessed', 'started') and (observed or not by_rule) then 'answered'
            when what in ('fulfilled', 'accepted') then 'fulfilled'
            when what in ('cancelled', 'marked_duplicate', 'rejected', 'refused') then 'excluded'
            when what = 'commented' then 'message'
            when what in ('held', 'resumed', 'resolved', 'closed', 'reopened', 'contained', 'update_posted') then what
            when state <> 'on_hold' then 'other' end),
      (6, case when waits_by_state then 'held' end)
    ) heard_then(part, heard)
    where heard is not null
  ) heard
),
-- What a case was left out of account for, and is as long as it is not reopened.
clock_excluded as (
  select stream from clock_mark group by stream
  having max(rank) filter (where heard = 'excluded') > coalesce(max(rank) filter (where heard = 'reopened'), 0)
),
-- A clock runs from the opening and from each reopening, but for those of updates: they begin with a question of the
-- requester while none is unanswered, and go on from a reopening if the case was left out of account meanwhile.
clock_question as (
  select stream, metric, row_number() over (partition by stream order by seq) as round, seq as asked,
    coalesce(answer, 2147483647) as answered
  from (
    select *, coalesce(lag(said) over talk, 'answer') as said_before,
      min(seq) filter (where said = 'answer') over (talk rows between 1 following and unbounded following) as answer
    from (
      select stream, metric, seq, case when heard in ('resolved', 'fulfilled', 'closed') then 'answer'
          -- Who asks about what is left out of account asks nothing.
          when by_requester then case when heard <> 'update_posted' and heard <> 'excluded'
            and coalesce(max(seq) filter (where heard = 'excluded') over life
              < max(seq) filter (where heard = 'reopened') over life, count(*) filter (where heard = 'excluded') over life = 0)
            then 'question' end
          when not by_rule and heard not in ('reopened', 'excluded') then 'answer' end as said
      from clock_mark join clock_aimed using (stream)
      where metric = 'update' and (
        heard in ('update_posted', 'resolved', 'fulfilled', 'closed', 'reopened', 'excluded') or (heard = 'message' and public))
      window life as (partition by stream order by seq)
    ) spoken
    where said is not null
    window talk as (partition by stream order by seq)
  ) answered
  where said = 'question' and said_before = 'answer'
),
clock_begin as (
  select *, lead(seq, 1, 2147483647) over life as next_seq, lead(at, 1, 'infinity') over life as next_at
  from (
    select stream, metric, 1::bigint as round, seq, at from clock_aimed join clock_mark using (stream)
    where metric <> 'update' and heard in ('opened', 'reopened')
    union all
    select stream, metric, round, seq, at from clock_question join clock_mark using (stream)
    where seq = asked or (seq > asked and seq < answered and heard = 'reopened')
  ) begun
  window life as (partition by stream, metric, round order by seq)
),
-- What stops it then: the first that ends what it measures, or leaves the case out of account. Service is restored when
-- that was said last, by whichever event; if nobody said, when the case ended.
clock_halt as (
  select begun.stream, begun.metric, begun.round, begun.seq as from_seq, begun.at as from_at, begun.next_at,
    mark.rank, mark.seq, mark.position, heard, case when heard in ('contained', 'resolved') then restored_at end as told,
    case when begun.metric = 'restore' and heard in ('contained', 'resolved') then greatest(coalesce(restored_at, mark.at), begun.at)
      else mark.at end as at
  from clock_begin begun join clock_mark mark on mark.stream = begun.stream and mark.seq > begun.seq and mark.seq < begun.next_seq
  where heard = 'excluded' or heard = 'closed' or case begun.metric
    when 'response' then heard in ('answered', 'resolved')
    when 'resolution' then heard = 'resolved'
    when 'fulfilment' then heard = 'fulfilled'
    when 'restore' then heard = 'resolved' or (heard = 'contained' and restored_at is not null)
    else heard in ('resolved', 'fulfilled')
      or (not (by_rule or by_requester) and (heard = 'update_posted' or (heard = 'message' and public))) end
),
clock_stop as (
  (
    select distinct on (stream, metric, round, from_seq) stream, metric, round, from_seq, rank, position, at from clock_halt
    where metric <> 'restore' order by stream, metric, round, from_seq, seq
  )
  union all
  (
    select distinct on (stream, from_seq) stream, metric, round, from_seq, rank, position, at
    from (
    (
      select distinct on (stream, from_seq) *, 1 as way from clock_halt where metric = 'restore' and heard <> 'excluded'
      order by stream, from_seq, told is null, case when told is not null then -seq end, heard = 'closed', seq
    )
    union all
    (
      select distinct on (stream, from_seq) *, 2 from clock_halt where metric = 'restore' and heard = 'excluded'
      order by stream, from_seq, seq
    )
    ) restored
    join (select stream, max(at) as last_at from clock_said group by stream) said using (stream)
    -- What is said of a later time than all that happened is not so yet.
    where at < next_at and at <= last_at
    order by stream, from_seq, at, way
  )
),
-- From when to when it was there to run. A response is given once: what is reopened behind it waits for none.
clock_span as (
  select begun.stream, begun.metric, begun.round, begun.seq as nth, begun.at as from_at, begun.next_at,
    halt.at as halt_at, halt.rank, halt.position
  from clock_begin begun left join clock_stop halt on halt.stream = begun.stream and halt.metric = begun.metric
    and halt.round = begun.round and halt.from_seq = begun.seq
  left join (
    select stream, min(seq) as seq from clock_mark where heard in ('answered', 'resolved', 'closed') group by stream
  ) answered on answered.stream = begun.stream
  where begun.metric <> 'response' or begun.seq < coalesce(answered.seq, 2147483647)
),
-- Whether it has stopped; and when the event that says so came, which decides by which version of a calendar its time counts:
-- by the one that was the newest then.
clock_life as (
  select distinct on (stream, metric, round) stream, metric, round, min(from_at) over (partition by stream, metric, round) as started_at,
    halt_at as stopped_at, position as stop_position, rank as stop_rank
  from clock_span order by stream, metric, round, nth desc
),
-- When a target lets a clock stand: while the case is held for one of its reasons, or in one of its states, which a hold
-- does not end.
clock_pace as (
  select stream, metric, agreement_id, known_since, target_id, at, lead(at, 1, 'infinity') over life as until,
    coalesce(held_since > coalesce(resumed_since, 0), false)
      or coalesce(pause_states ? max(stood) over (partition by stream, metric, agreement_id, known_since, target_id, states), false)
      as paused
  from (
    select stream, metric, agreement_id, known_since, target_id, pause_states, at, seq,
      case when heard <> 'held' and state <> 'on_hold' then state end as stood,
      count(*) filter (where heard <> 'held' and state <> 'on_hold') over life as states,
      max(seq) filter (where heard = 'held' and pause_reasons ? reason) over life as held_since,
      max(seq) filter (where heard in ('resumed', 'reopened', 'resolved', 'fulfilled', 'closed', 'excluded')) over life
        as resumed_since
    from clock_target join clock_mark using (stream)
    where heard = 'opened'
      or (pause_reasons <> '[]' and heard in ('held', 'resumed', 'reopened', 'resolved', 'fulfilled', 'closed', 'excluded'))
      or (pause_states <> '[]' and heard <> 'held' and state <> 'on_hold')
    window life as (partition by stream, metric, agreement_id, known_since, target_id order by seq)
  ) paced
  window life as (partition by stream, metric, agreement_id, known_since, target_id order by seq)
),
-- By which version of its calendar a clock counts.
clock_version as (
  select stream, metric, round, agreement_id, known_since, target_id, version
  from clock_target join clock_life using (stream, metric) left join calendar_version on calendar_version.calendar = clock_target.calendar
    and calendar_version.since <= coalesce(stop_position, %(position)s)
    and (calendar_version.until is null or calendar_version.until > coalesce(stop_position, %(position)s))
),
-- The stretches in which a clock ran, by what each of its targets lets stand, and what of them counted in its calendar.
clock_stretch as (
  select stretch.*, whole.seconds,
    coalesce(sum(whole.seconds) over (
      partition by stream, metric, round, agreement_id, known_since, target_id order by from_at, stretch.until
      rows between unbounded preceding and 1 preceding), 0)::bigint as seconds_before
  from (
    select stream, metric, round, agreement_id, known_since, target_id, threshold, warned_percent, version,
      greatest(span.from_at, pace.at) as from_at, least(coalesce(span.halt_at, span.next_at), pace.until) as until
    from clock_target join clock_pace pace using (stream, metric, agreement_id, known_since, target_id)
    join clock_span span using (stream, metric) join clock_version using (stream, metric, round, agreement_id, known_since, target_id)
    where not paused
  ) stretch
  cross join lateral business_time.seconds_between(version, from_at, nullif(stretch.until, 'infinity')) whole
  where from_at < stretch.until
),
-- By each of its targets: how long it ran, since when it runs, and when the target was reached, and exceeded, or will be.
clock_measure as (
  select stream, metric, round, agreement_id, known_since, target_id,
    sum(seconds)::bigint as seconds, max(from_at) filter (where until = 'infinity') as runs_since,
    min(due.due_at) as due_at, min(over.due_at - interval '1 second') as exceeded_at, min(warned.due_at) as warned_at
  from clock_stretch
  cross join lateral (select ceil(threshold * warned_percent / 100.0)::bigint as warned_seconds) warning
  left join lateral business_time.due_at(version, from_at, threshold - seconds_before) due
    on seconds_before < threshold and coalesce(seconds_before + seconds >= threshold, true)
  left join lateral business_time.due_at(version, from_at, threshold - seconds_before + 1) over
    on seconds_before <= threshold and coalesce(seconds_before + seconds > threshold, true)
  left join lateral business_time.due_at(version, from_at, warned_seconds - seconds_before) warned
    on seconds_before < warned_seconds and coalesce(seconds_before + seconds >= warned_seconds, true)
  group by stream, metric, round, agreement_id, known_since, target_id
),
-- While a target was in force, counted over the whole life of the clock: from when on it was exceeded, and warned of. What had
-- been reached before it came into force is said as it does, or as soon as the clock goes on.
clock_turn as (
  select stream, metric, round, rank, greatest(aim.since, started_at) as since, aim.until,
    case when greatest(exceeded_at, aim.since, started_at) < aim.until and exceeded_at is not null
      then greatest(exceeded_at, aim.since, started_at) end as over_from,
    case when warned_at >= greatest(aim.since, started_at) then warned_at when warned_at is not null then (
      select min(greatest(aim.since, span.from_at)) from clock_span span
      where span.stream = aim.stream and span.metric = aim.metric and span.round = clock_life.round
        and coalesce(span.halt_at, span.next_at) > aim.since
    ) end as warned_at
  from aim join clock_life using (stream, metric)
  left join clock_measure using (stream, metric, round, agreement_id, known_since, target_id)
  where greatest(aim.since, started_at) < aim.until
),
clock_breach as (
  select stream, metric, round, min(warned_at) filter (where warned_at < until) as warned_at,
    -- The beginning of the last stretch in which one after the other was exceeded, if that lasts.
    case when bool_or(over_from is not null) filter (where until = 'infinity') then max(over_from) filter (where begins) end
      as breaches_at
  from (
    select *, over_from > since or lag(over_from) over life is null or lag(until) over life < since as begins
    from clock_turn window life as (partition by stream, metric, round order by rank)
  ) turn
  group by stream, metric, round
),
-- Clocks. One of which no target fits any more has stopped when that became so, and is left out of account like that of a case
-- that is.
clock as (
  select stream, metric, round, started_at, least(stopped_at, unfit_since) as stopped_at,
    case when unfit_since < coalesce(stopped_at, 'infinity') then unfit_rank else stop_rank end as stop_rank,
    agreement_id, known_since, target_id, why, threshold, version, coalesce(seconds, 0) as seconds, runs_since,
    unfit_since is not null or stream in (select stream from clock_excluded) as excluded,
    coalesce(due_at, case when stopped_at is not null then (
      select further.due_at from business_time.due_at(version, stopped_at, threshold - coalesce(seconds, 0)) further
      where threshold > coalesce(seconds, 0)) end) as due_at,
    breaches_at, clock_breach.warned_at
  from clock_life
  join (
    select distinct on (stream, metric) *, nullif(until, 'infinity') as unfit_since, next_rank as unfit_rank
    from aim order by stream, metric, rank desc
  ) latest using (stream, metric)
  left join clock_version using (stream, metric, round, agreement_id, known_since, target_id)
  left join clock_measure using (stream, metric, round, agreement_id, known_since, target_id)
  left join clock_breach using (stream, metric, round)
  where coalesce(unfit_since > started_at, true)
),
-- What a case is left out of account for: that was said of it last, and it did not go on.
clock_left_out as (
  select stream, case what when 'cancelled' then 'cancelled' when 'marked_duplicate' then 'duplicate' else 'rejected' end as left_out
  from (
    select distinct on (stream) stream, what, moves from clock_said
    where moves or what in ('cancelled', 'marked_duplicate', 'rejected', 'refused') order by stream, rank desc
  ) last_said
  where not moves
),
