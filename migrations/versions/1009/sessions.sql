-- Which secret has opened a session of before is not known: whoever has one signs in again.
delete from plumbing.session where key_id is not null;
alter table plumbing.session
  add column key_secret_hash text collate "C",
  add constraint session_of_secret check ((key_id is null) = (key_secret_hash is null));
