-- Which incident another one repeats. The index finds the duplicates of one.

alter table fold.incident add column duplicate_of_id uuid;
create index incident_duplicates on fold.incident (duplicate_of_id, id) where duplicate_of_id is not null;
select log.takes_rows('fold.incident');
