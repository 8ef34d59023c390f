"""The people of the demo organisation hold one role or two, as people do, and no story needs more."""

from __future__ import annotations

from app.common.people import Role
from app.demo.data.organisation import CAB_MEMBERS, COMMITTEE_MEMBERS, HEADS, KEYS, STAFF

ROLES = {name: set(roles) for name, roles, *_ in (*HEADS, *STAFF)}


def test_everybody_holds_one_role_or_two() -> None:
    assert {name: roles for name, roles in ROLES.items() if not 1 <= len(roles) <= 2} == {}


def test_boards_are_those_who_hold_the_role_and_enough_to_vote_without_one_of_them() -> None:
    for role, members in ((Role.committee_member, COMMITTEE_MEMBERS), (Role.cab_member, CAB_MEMBERS)):
        assert {name for name, roles in ROLES.items() if role in roles} == set(members)
        assert len(members) >= 3


def test_each_printed_key_has_one_role_or_two_of_its_person_and_none_votes_by_itself() -> None:
    for owner, name, roles in KEYS:
        assert 1 <= len(roles) <= 2, owner
        assert name is None or name not in ROLES or set(roles) <= ROLES[name], owner
    # With their keys everybody can vote on whatever they are asked, by role or by name.
    named = {name for _, name, _ in KEYS if name in ROLES}
    assert named >= set(COMMITTEE_MEMBERS)
    assert {
        name
        for name in named
        if not any(set(roles) == ROLES[name] for _, holder, roles in KEYS if holder == name)
    } == set()
    alone = {role for _, name, roles in KEYS if name is None for role in roles}
    assert alone == {Role.admin, Role.auditor}, "who has no name in the stories takes no part in them"
