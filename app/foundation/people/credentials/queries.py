"""Things that stand for an account or a key, of all kinds: found, and counted."""

from __future__ import annotations

STANDING = """
select kind, id, stream, version, made_at, key_id, secret_hash, set_with, suspended from (
  select 'subscription' as kind, id, 'subscription/' || id as stream, version, added_at as made_at, person_id,
    key_id, secret_hash, set_with, suspended_by_rotation is true as suspended
  from fold.subscription where state in ('active', 'paused')
  union all
  select 'deputy', id, 'deputy/' || id, version, named_at, person_id, key_id, secret_hash,
    set_with, suspended_by_rotation is true
  from fold.deputy where state = 'named' and until_at > %(now)s
  union all
  select 'absence', id, 'absence/' || id, version, planned_at, person_id, key_id, secret_hash,
    set_with, suspended_by_rotation is true
  from fold.absence where state = 'planned' and until_at > %(now)s
  union all
  select 'absence_calendar', id, 'absence_calendar/' || id, version, added_at, person_id, key_id, secret_hash,
    set_with, suspended_by_rotation is true
  from fold.absence_calendar where state = 'active' and (ends_at is null or ends_at > %(now)s)
  union all
  select 'key', id, 'key/' || id, version, made_at, null, null, '', set_with, false
  from fold.key where state = 'active' and id <> %(key)s and (expires_at is null or expires_at > %(now)s)
  union all
  select 'webhook_source', id, 'webhook_source/' || id, version, added_at, null, null, '', set_with, false
  from fold.webhook_source where state <> 'retired'
  union all
  select 'group_mapping', id, 'group_mapping/' || id, version, added_at, null, null, '', set_with, false
  from fold.group_mapping where state = 'active'
) made
where key_id = %(key)s or secret_hash = any(%(secrets)s) or set_with && %(secrets)s::text[]
  or (secret_hash is null and person_id = %(person)s)
order by made_at, id"""
MOST_STANDING = "select most_standing from fold.person where id = %s"
EVER_COUNT = "select count(*) as ever from fold.{kind} where person_id = %(person)s"
SUBSCRIPTION_COUNT = (
    "select count(*) from fold.subscription where person_id = %(person)s and state <> 'disabled'"
)
DEPUTY_COUNT = """
select count(*) from fold.deputy where person_id = %(person)s and state = 'named' and until_at > %(now)s"""
ABSENCE_COUNT = """
select count(*) from fold.absence where person_id = %(person)s and state = 'planned' and source = 'by_hand'
  and until_at > %(now)s"""
ABSENCE_CALENDAR_COUNT = """
select count(*) from fold.absence_calendar where person_id = %(person)s and state = 'active'"""
KEY_COUNT = """
select count(*) from fold.key where person_id = %(person)s and state = 'active'
  and (expires_at is null or expires_at > %(now)s)"""
