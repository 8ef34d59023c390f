-- Run once by the image of PostgreSQL, as its superuser, when the volume is empty.
-- Two roles: the owner migrates; the service's role cannot alter the log or disable its guards, whatever happens to
-- the service. What exactly it may do is granted by `ledgerdesk migrate`.
\set owner_password `cat /run/secrets/owner_password`
\set service_password `cat /run/secrets/service_password`

create role ledgerdesk_owner login password :'owner_password';
create role ledgerdesk login password :'service_password';
alter database ledgerdesk owner to ledgerdesk_owner;
revoke all on database ledgerdesk from public;
grant connect, temporary on database ledgerdesk to ledgerdesk;
