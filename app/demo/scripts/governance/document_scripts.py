"""The demo's documents of their own: written, reviewed by their tier, published, acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid5

from app.demo.data.governance import document_data as data
from app.demo.data.governance.document_data import DocumentTemplate
from app.demo.programme import COMMENT, Programme, ProgrammeScript
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.foundation.documents.keeping.payloads import AcknowledgeDocument
from app.governance.documents.payloads import DraftDocument, PublishDocument, SubmitDocument
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.uploads import IncomingUpload, store_upload

FLAGGER = "flag_document_reviews"


async def make_documents(programme: Programme) -> None:
    """Play the documents that are not there yet."""
    for template in data.DOCUMENTS:
        await DocumentScript(programme, "document", template.name, template=template).play()


@dataclass
class DocumentScript(ProgrammeScript):
    """The script of one document."""

    template: DocumentTemplate = field(kw_only=True)

    def _after(self, days: float) -> datetime:
        return self.programme.before_end(self.template.drafted - days)

    async def play(self) -> None:
        """Draft the document, and have it reviewed, published and acknowledged, if it has come so far."""
        template, programme = self.template, self.programme
        author = programme.callers[template.author]
        await self.act(self._after(0), author, "draft", self._draft)
        submitted = SubmitDocument(question=f"{template.title}?", changes=data.CHANGES)
        if template.review_due is None:  # its review waits
            submitted_at = programme.before_end(data.WAITS)
            await self.act(submitted_at, author, "submit", submitted)
            if template.countersigned_by:
                await self._review(submitted_at + timedelta(hours=4))
            return
        await self.act(self._after(data.SUBMITTED_AFTER), author, "submit", submitted)
        await self._review(self._after(data.REVIEWED_AFTER))
        published_at, review_at = self._after(data.PUBLISHED_AFTER), programme.before_end(template.review_due)
        body = PublishDocument(
            effective_at=published_at,
            review_due_at=review_at,
            acknowledged_by=tuple(map(programme.person, template.acknowledged_by)),
        )
        await self.act(published_at, programme.quality, "publish", body)
        for name in template.acknowledged_by[:-1]:
            reader, acknowledged_at = programme.callers[name], self._after(data.ACKNOWLEDGED_AFTER)
            await self.act(acknowledged_at, reader, "acknowledge", AcknowledgeDocument())
        if template.review_due > 0:
            await self.rule(review_at, FLAGGER, "flag_review", EmptyPayload())

    async def _review(self, voted_at: datetime) -> None:
        """Have the reviewer of its tier approve it."""
        reviewer = self.programme.callers[data.REVIEWERS[self.template.tier]]
        async for decision, voter in self.script.voters(self.kind, self.record_id, (reviewer,)):
            vote = CastVote(decision=decision, verdict=VoteVerdict.approve, comment=COMMENT)
            await self.act(voted_at, voter, "vote", vote)

    async def _draft(self) -> DraftDocument:
        """Return the draft, with its file, which is sent before it as by anybody."""
        template, programme = self.template, self.programme
        author = programme.callers[template.author]
        assert author.person_id is not None
        content = f"{template.title}\n\n{template.text}\n".encode()

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        # Sent again after an interruption, it is the same file.
        upload_id = uuid5(author.person_id, f"demo-document-{template.name}")
        sending = IncomingUpload(upload_id, author, len(content), pieces(), programme.end)
        upload = await store_upload(programme.maker.ledger, sending)
        return DraftDocument.model_validate(
            {
                "document_class": template.document_class,
                "title": template.title,
                "importance": template.importance,
                "confidentiality": template.confidentiality,
                "readers": list(map(programme.person, template.readers)),
                "tier": template.tier,
                "team": template.team,
                "countersigning_teams": list(template.countersigned_by),
                "upload": str(upload.id),
                "name": f"{template.name}.txt",
            }
        )
