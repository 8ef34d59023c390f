-- Which of so many shares of the cases a stream belongs to, from 0.
create function kpi.share(stream text, shares integer) returns integer language sql immutable parallel safe
return (hashtextextended(stream, 0) & 65535)::integer % shares;

-- A share of a span up to `position` that is written before the rest is. Facts are of one moment of the log only
-- while there is none. What its cases had before, for what is about other cases, too:
--   services, categories, times   their resolutions
--   assignees, days               who worked on them on which days
create table kpi.unfinished (
  position bigint not null,
  services text[] not null,
  categories text[] not null,
  times timestamptz[] not null,
  assignees uuid[] not null,
  days date[] not null
);
