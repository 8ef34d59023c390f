-- The few who administer everything: whether one would be left is asked before one of them goes.
create index person_admin on fold.person (id) where 'admin' = any(roles) and state = 'active';
