-- The number that people call a record by in another system, where it is not the key.
alter table fold.external_reference add column number text collate "C";
create index external_reference_number on fold.external_reference (kind, number) where number is not null;
