"""The branding, as administrators set it (lifecycle).

set
"""

from __future__ import annotations

from math import floor
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.common.children import Attachment, Visibility
from app.common.files.media import PICTURES
from app.common.files.uploads import UploadRef
from app.foundation.branding.contrast import LEAST_CONTRAST, contrast_with_white
from app.foundation.branding.face import FACE
from app.foundation.branding.records import Branding
from app.foundation.branding.records import BrandingState as State
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Keys, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, FileName, Payload, ShortText
from app.kernel.actions.refusals import WrongValue

#: Every page loads the picture.
LARGEST_LOGO = 65_536
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$"), AfterValidator(str.lower)]


class AddBranding(Payload, of=Branding):
    """The name and the colour of the installation."""

    name: ShortText = Field(examples=["Service desk of Example Ltd"])
    colour: Colour = Field(
        description="Colour of the head and of the main buttons, as `#rrggbb`; white text on it must be "
        "readable, with a contrast of at least 4.5:1.",
        examples=["#1f5fa8"],
    )


class ReviseBranding(AddBranding, of=Branding):
    """The new name and colour of the installation."""


class SetLogoBranding(Payload):
    """The picture next to the name."""

    upload: Annotated[UUID, UploadRef()] = Field(
        description="Identifier of the upload with the picture: PNG, JPEG, GIF or WebP, at most "
        f"{LARGEST_LOGO:,} bytes."
    )
    file_name: FileName = Field(
        description="Name under which the picture can be downloaded.", examples=["logo.png"]
    )


def add(branding: Branding, body: AddBranding, ctx: ActionContext) -> None:
    """Add a branding. Pages and mails show it from then on."""
    copy_fields(branding, body, ctx)
    branding.set_at = ctx.occurred_at


def revise(branding: Branding, body: ReviseBranding, ctx: ActionContext) -> None:
    """Revise the branding's name and colour. Its logo stays."""
    copy_fields(branding, body, ctx)
    branding.set_at = ctx.occurred_at


def set_logo(branding: Branding, body: SetLogoBranding, ctx: ActionContext) -> None:
    """Set the logo of the branding, in place of an earlier one."""
    upload = ctx.input.upload
    assert upload is not None, "the payload names one"
    branding.logo_id = upload.id
    ctx.outcome.add(
        Attachment(
            id=upload.id,
            record=branding.row_key,
            author_id=ctx.caller.person_id,
            name=body.file_name,
            visibility=Visibility.public,
            attached_at=ctx.occurred_at,
            media_type=upload.media_type,
            size=upload.size,
            sha256=upload.sha256,
        )
    )


def remove_logo(branding: Branding, body: EmptyPayload, ctx: ActionContext) -> None:
    """Remove the logo of the branding. The name stays."""
    branding.logo_id = None


async def too_little_contrast(
    reads: ReadContext, branding: Branding, body: AddBranding, ctx: ActionContext
) -> None:
    """Refuse a colour on which white text cannot be read well."""
    contrast = contrast_with_white(body.colour)
    if contrast < LEAST_CONTRAST:
        # Rounded down: it must not say that the least contrast is reached.
        words = {"ratio": f"{floor(contrast * 100) / 100:g}", "least": f"{LEAST_CONTRAST:g}"}
        raise WrongValue(words, pointer="/colour", because="too_little_contrast")


async def wrong_picture(
    reads: ReadContext, branding: Branding, body: SetLogoBranding, ctx: ActionContext
) -> None:
    """Refuse a file that is no picture, could hold a script, or is too large to be loaded with every page."""
    upload = ctx.input.upload
    assert upload is not None, "the payload names one"
    if upload.media_type not in PICTURES:
        raise WrongValue(pointer="/upload", because="not_a_picture")
    if upload.size > LARGEST_LOGO:
        words = {"limit": f"{LARGEST_LOGO:,}", "size": f"{upload.size:,}"}
        raise WrongValue(words, pointer="/upload", because="picture_too_large")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="branding", plural="brandings", zh="品牌标识", record=Branding,
    face=FACE, visible=(to_everybody(),), children=(Attachment,),
    rows=(
        #      action       中文        from         to         who    event
        action(add,         "设定",     NEW_RECORD,  State.set, admin, "branding.added",        wrong=(too_little_contrast,)),
        action(revise,      "调整",     [State.set], STAYS,     admin, "branding.revised",      wrong=(too_little_contrast,)),
        action(set_logo,    "设定徽标", [State.set], STAYS,     admin, "branding.logo_set",     wrong=(wrong_picture,),
               keys=Keys.UPLOADS),
        action(remove_logo, "移除徽标", [State.set], STAYS,     admin, "branding.logo_removed"),
    ),
)
# fmt: on
