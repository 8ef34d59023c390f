"""The labels of the roles, which an organisation may rename; the roles' codes never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.common.people import Role


@dataclass(frozen=True)
class RoleLabels:
    """The labels that the organisation has renamed, by role and language (`en`, `zh`)."""

    renamed: Mapping[tuple[Role, str], str] = field(default_factory=dict)

    @classmethod
    def from_setting(cls, setting: Mapping[str, Mapping[str, str]]) -> RoleLabels:
        """Return the labels in the setting `setting`: by a role's code, its labels by language. Raises
        ValueError if there is no such role.
        """
        codes = {role.value for role in Role}
        if unknown := sorted(setting.keys() - codes):
            raise ValueError(f"there is no role {unknown[0]!r}; roles are {', '.join(sorted(codes))}")
        named = [
            (Role(code), language, label)
            for code, labels in setting.items()
            for language, label in labels.items()
        ]
        return cls({(role, language): label for role, language, label in named})

    def label(self, role: Role, language: str) -> str:
        """Return the label of the role in that language."""
        return self.renamed.get((role, language)) or role.label(language)


#: The product's own labels.
DEFAULT_LABELS = RoleLabels()
