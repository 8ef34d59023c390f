"""The face of the branding: the name and the colour first; then the picture."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FileAlong, FormFace, RecordFace
from app.common.files.media import PICTURES

PICTURE = BilingualLabel(
    "Logo (PNG, JPEG, GIF or WebP, up to 64 kB)", "徽标（PNG、JPEG、GIF 或 WebP，不超过 64 kB）"
)
FORM = FormFace(
    first=("name", "colour"),
    labels={
        "name": BilingualLabel("Name in pages and mails", "页面与邮件中的名称"),
        "colour": BilingualLabel("Colour of the head and of the main buttons", "页眉与主要按钮的颜色"),
    },
    defaults={"colour": "#1f5fa8"},
    file_along=FileAlong(PICTURE, "set_logo", "file_name", ",".join(sorted(PICTURES))),
    filled_from="",
)
LOGO_FORM = FormFace(
    first=("upload", "file_name"),
    labels={
        "upload": PICTURE,
        "file_name": BilingualLabel("Name of the file", "文件名"),
    },
    defaults={"file_name": "logo"},
)
FACE = RecordFace(
    essentials=("name", "colour", "set_at"),
    primary={"set": ("revise",)},
    quick=("set_logo",),
    forms={"add": FORM, "revise": FORM, "set_logo": LOGO_FORM},
)
