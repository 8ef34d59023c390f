"""Reads of rules about people."""

from __future__ import annotations

WAITING_FOR_GROUP = """
select id, state from fold.request where acceptance_group_id = %s and state = any(%s) order by id"""
