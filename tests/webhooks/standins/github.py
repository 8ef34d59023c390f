"""GitHub's issues, as its REST interface (2022-11-28) and its webhooks have them: times in whole seconds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import unquote

from tests.webhooks.standins.server import Call, Reply, StandIn

REPOSITORY, NEW_NAME, BY_ID = "acme/shop", "acme/newshop", "/repositories/77"
US, TOKEN = "ledgerdesk-bot", "ghp_0123456789abcdef"
_ISSUE = re.compile(rf"/repos/{REPOSITORY}/issues/(\d+)")
_COMMENTS = re.compile(rf"/repos/{REPOSITORY}/issues/(\d+)/comments")
_LABELS = re.compile(rf"/repos/{REPOSITORY}/issues/(\d+)/labels(?:/(.+))?")
_COMMENT = re.compile(rf"/repos/{REPOSITORY}/issues/comments/(\d+)")


class GitHub(StandIn):
    """A repository with issues. `assignable` may be assigned; without the right to push (`may_assign`), the
    assignees of a request are left out without a word. `is_renamed`: the repository is called otherwise
    since, and its old addresses lead to those by its id.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.deleted: set[int] = set()
        self.assignable = {"lin", "anna-x", "carl"}
        self.may_assign = True
        self.is_renamed = False
        self._ids = count(1)

    @property
    def base(self) -> str:
        return f"{self.origin}/repos/{REPOSITORY}"

    def time(self) -> str:
        time_text: datetime = self.now()
        return time_text.strftime("%Y-%m-%dT%H:%M:%SZ")

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"message": "Bad credentials"})
        if (call.method, call.path) == ("GET", "/user"):
            return Reply(200, {"login": US, "id": 1})
        if self.is_renamed:
            old = call.path.startswith(f"/repos/{REPOSITORY}/")
            rest = call.path.removeprefix(BY_ID if not old else f"/repos/{REPOSITORY}")
            if old:
                status = 301 if call.method == "GET" else 307
                return Reply(status, {}, {"location": f"{self.origin}{BY_ID}{rest}"})
            call = replace(call, path=f"/repos/{REPOSITORY}{rest.removeprefix(f'/repos/{NEW_NAME}')}")
        return self._of_repository(call)

    @property
    def name(self) -> str:
        """What the repository is called now."""
        return NEW_NAME if self.is_renamed else REPOSITORY

    def _of_repository(self, call: Call) -> Reply:
        if call.path == f"/repos/{REPOSITORY}":
            return Reply(200, {"full_name": self.name})
        if call.path == f"/repos/{REPOSITORY}/issues":
            return self._issues(call)
        if (matches := _LABELS.fullmatch(call.path)) is not None:
            return self._labels(call, int(matches[1]), matches[2])
        handlers = ((_COMMENT, self._comment), (_COMMENTS, self._comments), (_ISSUE, self._issue))
        for pattern, handle in handlers:
            if (matches := pattern.fullmatch(call.path)) is not None:
                return handle(call, int(matches[1]))
        return Reply(404, {"message": "Not Found"})

    def _issues(self, call: Call) -> Reply:
        if call.method == "POST":
            if not call.body.get("title"):
                return Reply(422, {"message": "Validation Failed"})
            return Reply(201, self.open(US, call.body["title"], call.body.get("body")))
        matches = [
            each
            for each in self.issues.values()
            if each["user"]["login"] == call.query.get("creator", each["user"]["login"])
            and each["updated_at"] >= call.query.get("since", "")
        ]
        return Reply(200, matches[::-1][: int(call.query.get("per_page", "30"))])

    def _issue(self, call: Call, number: int) -> Reply:
        if number in self.deleted:
            return Reply(410, {"message": "This issue was deleted"})
        if number not in self.issues:
            return Reply(404, {"message": "Not Found"})
        if call.method == "PATCH":
            logins = call.body.get("assignees")
            if logins is not None and not {each.lower() for each in logins} <= self.assignable:
                return Reply(422, {"message": "Validation Failed", "errors": [{"field": "assignees"}]})
            if logins is not None and self.may_assign:
                self.assign(US, number, logins)
            return Reply(200, self.edit(US, number, **call.body))
        return Reply(200, self.issues[number] | {"repository_url": f"{self.origin}/repos/{self.name}"})

    def _comments(self, call: Call, number: int) -> Reply:
        if number in self.deleted:
            return Reply(410, {"message": "This issue was deleted"})
        if call.method == "POST":
            return Reply(201, self.comment(US, number, call.body["body"]))
        since = call.query.get("since", "")
        matches = [c for c in self.comments.values() if c["issue"] == number and c["updated_at"] >= since]
        return Reply(200, matches)

    def _comment(self, call: Call, comment: int) -> Reply:
        matches = self.comments.get(comment)
        if matches is None:
            return Reply(404, {"message": "Not Found"})
        if call.method == "DELETE":
            del self.comments[comment]
            self._tell("deleted", matches["issue"], US, matches)
            return Reply(204)
        if call.method == "PATCH":
            matches |= {"body": call.body["body"], "updated_at": self.time()}
            self._tell("edited", matches["issue"], US, matches)
        return Reply(200, matches)

    def _labels(self, call: Call, number: int, name: str | None) -> Reply:
        names = [each["name"] for each in self.issues[number]["labels"]]
        if call.method == "POST":
            added = [each for each in call.body["labels"] if each.lower() not in map(str.lower, names)]
            self.label(US, number, [*names, *added])
        elif name is not None and call.method == "DELETE":
            left = [each for each in names if each.lower() != unquote(name).lower()]
            if left == names:
                return Reply(404, {"message": "Label does not exist"})
            self.label(US, number, left)
        return Reply(200, self.issues[number]["labels"])

    def label(self, author: str, number: int, names: list[str]) -> None:
        """Somebody sets the labels of an issue."""
        issue = self.issues[number]
        if names != [each["name"] for each in issue["labels"]]:
            issue |= {"labels": [{"name": name} for name in names], "updated_at": self.time()}
            self._tell("labeled", number, author)

    def assign(self, author: str, number: int, logins: list[str]) -> None:
        """Somebody sets who is assigned to an issue."""
        issue = self.issues[number]
        if sorted(logins) != sorted(self.assignees(number)):
            assignees = [{"login": login} for login in logins]
            issue |= {"assignees": assignees, "assignee": assignees[0] if assignees else None}
            issue["updated_at"] = self.time()
            self._tell("assigned" if assignees else "unassigned", number, author)

    def assignees(self, number: int) -> set[str]:
        """The logins of who is assigned to an issue."""
        return {each["login"] for each in self.issues[number]["assignees"]}

    def labels(self, number: int) -> set[str]:
        """The names of an issue's labels."""
        return {each["name"] for each in self.issues[number]["labels"]}

    def open(self, author: str, title: str, body: str | None = None) -> dict[str, Any]:
        """Somebody opens an issue."""
        number, time_text = len(self.issues) + 1, self.time()
        self.issues[number] = {
            "id": 7_000 + number,
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "user": {"login": author},
            "assignee": None,
            "assignees": [],
            "labels": [],
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "created_at": time_text,
            "updated_at": time_text,
            "closed_at": None,
        }
        self._tell("opened", number, author)
        return dict(self.issues[number])

    def edit(self, author: str, number: int, **fields: Any) -> dict[str, Any]:
        """Somebody edits an issue, closes it or opens it again."""
        issue = self.issues[number]
        changed = {name: each for name, each in fields.items() if name in ("title", "body", "state")}
        changed = {name: each for name, each in changed.items() if issue[name] != each}
        if not changed:
            return dict(issue)
        issue |= changed | {"updated_at": self.time()}
        if "state" in changed:
            issue["closed_at"] = issue["updated_at"] if issue["state"] == "closed" else None
            issue["state_reason"] = fields.get("state_reason") or "completed"
        if "title" in changed or "body" in changed:
            self._tell("edited", number, author)
        if "state" in changed:
            self._tell("closed" if issue["state"] == "closed" else "reopened", number, author)
        return dict(issue)

    def comment(self, author: str, number: int, body: str) -> dict[str, Any]:
        """Somebody comments on an issue."""
        time_text, comment = self.time(), 90_000 + next(self._ids)
        self.issues[number]["updated_at"] = time_text
        self.comments[comment] = {
            "id": comment,
            "issue": number,
            "body": body,
            "user": {"login": author},
            "created_at": time_text,
            "updated_at": time_text,
        }
        self._tell("created", number, author, self.comments[comment])
        return dict(self.comments[comment])

    def texts(self, number: int) -> list[str]:
        """The comments of an issue as people see them."""
        texts = [c["body"] for c in self.comments.values() if c["issue"] == number]
        return [re.sub(r"\\(?=[^\w\s])", "", re.sub(r"\s*<!--.*?-->", "", text)) for text in texts]

    def _tell(self, action: str, number: int, author: str, comment: dict[str, Any] | None = None) -> None:
        body: dict[str, Any] = {
            "action": action,
            "issue": dict(self.issues[number]),
            "sender": {"login": author},
        }
        body["repository"] = {"full_name": self.name, "html_url": f"https://github.com/{self.name}"}
        kind = "issues"
        if comment is not None:
            kind, body["comment"] = "issue_comment", dict(comment)
        self.tell(body, x_github_event=kind, x_github_delivery=f"d-{next(self._ids)}")
