"""The faces of persons, teams and keys: what administrators need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace, RecordPage
from app.common.people import Role
from app.foundation.people.succession.duties import MANAGERS

ADMINS = frozenset({Role.admin})
HANDOVER = "/desk/administration/people/{id}/handover"
#: Administrators do not record past events.
UNASKED = frozenset({"occurred_at"})
ROLE = BilingualLabel("Role", "角色")
PERSON_FACE = RecordFace(
    essentials=("teams", "roles", "email", "phone", "department"),
    primary={"active": ("edit",), "inactive": ("activate",)},
    quick=("grant_role", "revoke_role"),
    next_pages={"deactivate": HANDOVER},
    pages=(
        RecordPage(
            BilingualLabel("Hand over", "移交"), HANDOVER, MANAGERS, frozenset({"inactive", "erased"})
        ),
        RecordPage(
            BilingualLabel("Make a key", "创建密钥"),
            "/desk/new/key/make?/person={name}",
            ADMINS,
            frozenset({"active"}),
        ),
    ),
    forms={
        "add": FormFace(first=("name", "email", "login", "teams", "roles", "time_zone"), unasked=UNASKED),
        "grant_role": FormFace(first=("role",), labels={"role": ROLE}, unasked=UNASKED),
        "revoke_role": FormFace(first=("role",), labels={"role": ROLE}, unasked=UNASKED),
    },
)
TEAM_FACE = RecordFace(
    essentials=("kind", "lead", "key"),
    pages=(
        RecordPage(
            BilingualLabel("Members", "成员"),
            "/desk/administration/teams/{id}",
            ADMINS,
            frozenset({"active"}),
        ),
    ),
    primary={"active": ("edit",), "retired": ("reinstate",)},
    forms={"add": FormFace(first=("name", "kind", "lead"), unasked=UNASKED)},
)
KEY_FACE = RecordFace(
    essentials=("person", "roles", "scope", "expires_at", "last_used_at"),
    primary={"active": ("rotate",)},
    forms={
        "make": FormFace(
            first=("name", "person", "scope", "roles", "expires_at"),
            labels={
                "name": BilingualLabel("What is it for?", "用途"),
                "person": BilingualLabel("Who uses it?", "使用人"),
                "scope": BilingualLabel("What may it do?", "权限范围"),
                "roles": BilingualLabel(
                    "Only with these roles (none: with all roles of the person)",
                    "仅限以下角色（不选：本人的全部角色）",
                ),
                "expires_at": BilingualLabel("Ends at (empty: never)", "失效时间（留空：长期有效）"),
            },
            blanks={"scope": BilingualLabel("All that the person may do", "与本人相同")},
            unasked=UNASKED,
        )
    },
)
