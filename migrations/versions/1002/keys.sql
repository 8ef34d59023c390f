-- What a key may do if it may do but one thing.
alter table fold.key add column scope text collate "C";
