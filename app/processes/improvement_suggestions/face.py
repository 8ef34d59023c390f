"""The face of suggestions: what those who judge them need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, RecordFace, RecordPage
from app.common.people import Role

FACE = RecordFace(
    essentials=("process", "aspect", "source", "cause"),
    primary={"offered": ("select",), "deferred": ("select",)},
    pages=(
        RecordPage(
            label=BilingualLabel("Begin a new improvement", "新建改进"),
            address="/desk/new/improvement/select?%2Fsuggestions={number}&%2Ftitle={title}",
            roles=frozenset({Role.quality_manager}),
            states=frozenset({"offered", "deferred"}),
            on_form_of="select",
        ),
    ),
)
