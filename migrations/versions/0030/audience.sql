-- Who belongs to a group sees it; from now on each change keeps it so.
update log.stream_head h set audience = array(
  select token from (
    select unnest(h.audience) union
    select 'follower:' || m.person_id from fold.group_member m where m.record = h.stream
  ) as shown (token) order by token collate "C")
where h.kind = 'group';
