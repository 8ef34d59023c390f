"""What the organisation calls the roles. It may rename their labels; their codes are for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.common.people import Role


@dataclass(frozen=True)
class RoleLabels:
    """The labels that are other than ours, by role and language (`en`, `zh`)."""

    renamed: Mapping[tuple[Role, str], str] = field(default_factory=dict)

    @classmethod
    def from_setting(cls, said: Mapping[str, Mapping[str, str]]) -> RoleLabels:
        """Those of the setting: by a role's code, its labels by language. Raises ValueError if there is no
        such role.
        """
        codes = {role.value for role in Role}
        if unknown := sorted(said.keys() - codes):
            raise ValueError(f"there is no role {unknown[0]!r}; roles are {', '.join(sorted(codes))}")
        named = [(Role(code), language, label) for code, of in said.items() for language, label in of.items()]
        return cls({(role, language): label for role, language, label in named})

    def label(self, role: Role, language: str) -> str:
        """What people call the role in that language."""
        return self.renamed.get((role, language)) or role.label(language)


#: As they come.
DEFAULT_LABELS = RoleLabels()
