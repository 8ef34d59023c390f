-- For whom a tag is: `public` for all who see the record, else for staff; also where it is null, from before.
alter table fold.tag add column visibility text collate "C";
select log.takes_rows('fold.tag');
