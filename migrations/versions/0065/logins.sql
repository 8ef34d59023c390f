-- A session of somebody who logged in ends when the login is taken from them: it keeps the login's fingerprint. Those
-- that do not have it are opened anew.
alter table plumbing.session add column login text, drop constraint session_of_one;
delete from plumbing.session where key_id is null;
alter table plumbing.session add constraint session_of_one check (
  num_nonnulls(key_id, login) = 1 and (login is null) = (person_id is null));
