-- Null, of the requests of before: none besides those who see every request.
alter table fold.request add column reader_roles text[] collate "C";
create index request_readers on fold.request using gin (reader_roles) where reader_roles is not null;
