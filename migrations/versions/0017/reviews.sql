-- What was learnt from a major incident, and what happened in it as the review tells it. Actions are tasks.

alter table fold.incident add column reviewed_at timestamptz;

create table fold.incident_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  causes text not null,
  went_well text not null,
  went_badly text not null,
  reviewed_at timestamptz not null
);
create index incident_review_record on fold.incident_review (record, reviewed_at, id);

create table fold.timeline_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  review_id uuid not null,
  happened_at timestamptz not null,
  text text not null
);
create index timeline_entry_review on fold.timeline_entry (review_id, happened_at, id);

select log.takes_rows('fold.' || name) from unnest(array['incident', 'incident_review', 'timeline_entry']) as name;
