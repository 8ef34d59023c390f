-- When the calendar shows a change: in its window, and as long as it took beyond that; an emergency, which has none,
-- from its start until it was done, and before that when it is wanted. One expression, so that it can be inlined.
create function schedule.shown_during(
  window_from timestamptz, window_until timestamptz, started timestamptz, ended timestamptz,
  wanted_from timestamptz, wanted_until timestamptz
) returns tstzrange
language sql immutable parallel safe as $$
  select case when coalesce(window_from, started, wanted_from) is not null then tstzrange(
    coalesce(window_from, started, wanted_from),
    greatest(coalesce(window_from, started, wanted_from),
      case when window_until is null then coalesce(ended, wanted_until) else greatest(window_until, ended) end),
    '[]') end
$$;

create index change_shown on fold.change using gist (schedule.shown_during(
  window_from_at, window_until_at, started_at, coalesce(implemented_at, backed_out_at), wanted_from_at, wanted_until_at
)) where state in ('approved', 'scheduled', 'implementing', 'implemented', 'backed_out', 'closed');
