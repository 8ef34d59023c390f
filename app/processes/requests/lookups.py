"""Reads of requests for rules."""

from __future__ import annotations

WAITING_FOR_GROUP = """
select id, state from fold.request where acceptance_group_id = %s and state = any(%s) order by id"""
