"""Jira's issues, as its REST interface (version 3) and its webhooks have them: transitions by id, times in
milliseconds, documents instead of texts, a search that is late.
"""

from __future__ import annotations

import base64
import re
from itertools import count
from typing import Any

from tests.webhooks.standins.server import Call, Reply, StandIn

US, MAIL, TOKEN = "557058:bot", "bot@acme.example", "ATATT-0123456789"
PERSONAL_TOKEN = "NjE2ODM0NzY0OTMxOkYB"
_ISSUE = re.compile(r"issue/([^/]+)")
_TRANSITIONS = re.compile(r"issue/([^/]+)/transitions")
_COMMENTS = re.compile(r"issue/([^/]+)/comment")
_COMMENT = re.compile(r"issue/([^/]+)/comment/([^/]+)")
_ASSIGNEE = re.compile(r"issue/([^/]+)/assignee")
_LABEL = re.compile(r'labels = "([^"]+)"')
CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
#: By status: the transitions from there, by id, with the statuses that they lead to.
WORKFLOW = {
    "To Do": {"11": "In Progress", "31": "Done"},
    "In Progress": {"21": "To Do", "31": "Done"},
    "Done": {"41": "To Do", "11": "In Progress"},
}


def document(text: str) -> dict[str, Any]:
    """A document of Atlassian's, of one paragraph for each line."""
    lines = [
        {"type": "paragraph", "content": [{"type": "text", "text": t}] if t else []} for t in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": lines}


def plain(body: dict[str, Any]) -> str:
    """The text of such a document."""
    return "\n".join("".join(part["text"] for part in p["content"]) for p in body["content"])


class Jira(StandIn):
    """A project with issues. `indexed` False: the search knows nothing new yet. `accounts`: people and
    their addresses, which are found and not shown.
    """

    api = "/rest/api/3/"
    search = "search/jql"
    us = US
    #: What the interface calls an account's id, and a text by which accounts are found.
    account_id, text_of_account = "accountId", "query"

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.indexed = True
        #: Resolutions of which the step to Done requires one; None: it requires none.
        self.resolutions: list[str] | None = None
        self.accounts = {
            "lin": "lin@acme.example",
            "anna-x": "anna@acme.example",
            "carl": "carl@acme.example",
        }
        self._ids = count(10_001)

    @property
    def base(self) -> str:
        return self.origin

    def time(self) -> str:
        now = self.now()
        return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != self.authorization():
            return Reply(401, {"errorMessages": ["You are not authenticated."]})
        return self._answer(call) if call.path.startswith(self.api) else Reply(404)

    def _answer(self, call: Call) -> Reply:
        path = call.path.removeprefix(self.api)
        answers = {"myself": self.person(self.us), "project/OPS": {"key": "OPS"}}
        if path in answers:
            return Reply(200, answers[path])
        if path in (self.search, "user/search"):
            return self._search(call) if path == self.search else self._search_accounts(call)
        if path == "issue" and call.method == "POST":
            return self._create(call.body["fields"])
        return self._of_issue(call)

    def authorization(self) -> str:
        """The header of an account's requests."""
        return "Basic " + base64.b64encode(f"{MAIL}:{TOKEN}".encode()).decode()

    def person(self, author: str) -> dict[str, str]:
        """A person as Jira shows them."""
        return {"accountId": author, "displayName": author}

    def text(self, body: Any) -> str:
        """The text of a comment; it fails if Jira would refuse the comment."""
        return plain(body)

    def _of_issue(self, call: Call) -> Reply:
        for pattern, handle in (
            (_COMMENT, self._comment),
            (_COMMENTS, self._comments),
            (_TRANSITIONS, self._transitions),
            (_ASSIGNEE, self._assignee),
            (_ISSUE, self._issue),
        ):
            if (matches := pattern.fullmatch(call.path.removeprefix(self.api))) is not None:
                issue = self._named(matches[1])
                if issue is None:
                    return Reply(
                        404, {"errorMessages": ["Issue does not exist or you do not have permission."]}
                    )
                return handle(call, issue, *matches.groups()[1:])
        return Reply(404)

    def _named(self, name: str) -> dict[str, Any] | None:
        matches = (
            i for i in self.issues.values() if name in (i["id"], i["key"]) and i["id"] not in self.deleted
        )
        return next(matches, None)

    def _search(self, call: Call) -> Reply:
        label = _LABEL.search(call.query["jql"])
        assert label is not None, call.query
        matches = [i for i in self.issues.values() if self.indexed and label[1] in i["fields"]["labels"]]
        return Reply(200, {"issues": [{"id": i["id"], "key": i["key"]} for i in matches], "isLast": True})

    def _search_accounts(self, call: Call) -> Reply:
        text = call.query[self.text_of_account]
        return Reply(200, [self.person(a) for a, mail in self.accounts.items() if mail.startswith(text)])

    def _create(self, fields: dict[str, Any]) -> Reply:
        if not {"project", "issuetype", "summary"} <= fields.keys():
            return Reply(400, {"errors": {"summary": "You must specify a summary of the issue."}})
        issue = self.open(self.us, fields["summary"], fields.get("description"), fields.get("labels", []))
        return Reply(201, {"id": issue["id"], "key": issue["key"], "self": issue["self"]})

    def _issue(self, call: Call, issue: dict[str, Any]) -> Reply:
        if call.method == "PUT":
            for change in call.body.get("update", {}).get("labels", []):
                self._change_label(issue, change)
            if "fields" not in call.body:
                return Reply(204)
            fields = call.body["fields"]
            self.edit(
                self.us,
                issue["key"],
                title=fields.get("summary"),
                priority=fields.get("priority", {}).get("name"),
            )
            return Reply(204)
        return Reply(200, issue)

    def _assignee(self, call: Call, issue: dict[str, Any]) -> Reply:
        login = call.body[self.account_id]
        if login is not None and login not in self.accounts:
            return Reply(400, {"errors": {"assignee": f"User '{login}' cannot be assigned issues."}})
        self.assign(self.us, issue["key"], [login] if login else [])
        return Reply(204)

    def assign(self, author: str, key: str, logins: list[str]) -> None:
        """Somebody sets who is assigned to an issue."""
        if set(logins) != self.assignees(key):
            fields = self.issues[key]["fields"]
            fields |= {"assignee": self.person(logins[0]) if logins else None, "updated": self.time()}
            self._tell("jira:issue_updated", self.issues[key], author)

    def assignees(self, key: str) -> set[str]:
        """Who is assigned to an issue."""
        assignee = self.issues[key]["fields"]["assignee"]
        return set() if assignee is None else {assignee[self.account_id]}

    def _change_label(self, issue: dict[str, Any], change: dict[str, str]) -> None:
        ((verb, name),) = change.items()
        assert " " not in name, "Jira refuses labels with spaces"
        labels = [each for each in issue["fields"]["labels"] if each != name]
        self.label(self.us, issue["key"], [*labels, name] if verb == "add" else labels)

    def label(self, author: str, key: str, names: list[str]) -> None:
        """Somebody sets the labels of an issue; marks of ours stay."""
        fields = self.issues[key]["fields"]
        marks = [each for each in fields["labels"] if each.startswith("ledgerdesk-") and each not in names]
        if sorted([*marks, *names]) != sorted(fields["labels"]):
            fields |= {"labels": [*marks, *names], "updated": self.time()}
            self._tell("jira:issue_updated", self.issues[key], author)

    def labels(self, key: str) -> set[str]:
        """The labels that people have set."""
        return {name for name in self.issues[key]["fields"]["labels"] if not name.startswith("ledgerdesk-")}

    def _transitions(self, call: Call, issue: dict[str, Any]) -> Reply:
        handlers = WORKFLOW[issue["fields"]["status"]["name"]]
        if call.method == "POST":
            if (status := handlers.get(call.body["transition"]["id"])) is None:
                return Reply(400, {"errorMessages": ["It seems that the transition is not valid."]})
            resolution = call.body.get("fields", {}).get("resolution", {}).get("id")
            if status == "Done" and self.resolutions and resolution not in self.resolutions:
                return Reply(400, {"errors": {"resolution": "Resolution is required."}})
            self.move(self.us, issue["key"], status)
            return Reply(204)
        options: list[dict[str, Any]] = [
            {"id": n, "name": f"To {s}", "to": _status(s)} for n, s in handlers.items()
        ]
        if call.query.get("expand") == "transitions.fields":
            allowed = [{"id": each, "name": each} for each in self.resolutions or ()]
            fields = {"resolution": {"required": True, "allowedValues": allowed}}
            for option, status in zip(options, handlers.values(), strict=True):
                option["fields"] = fields if self.resolutions and status == "Done" else {}
        return Reply(200, {"transitions": options})

    def _comments(self, call: Call, issue: dict[str, Any]) -> Reply:
        if call.method == "POST":
            return Reply(
                201, self.comment(self.us, issue["key"], call.body["body"], call.body.get("properties", []))
            )
        matches = [c for c in self.comments.values() if c["issue"] == issue["id"]]
        return Reply(200, {"comments": matches[::-1], "total": len(matches)})

    def _comment(self, call: Call, issue: dict[str, Any], comment: str) -> Reply:
        matches = self.comments.get(comment)
        if matches is None:
            return Reply(404)
        if call.method == "DELETE":
            del self.comments[comment]
            self._tell("comment_deleted", issue, self.us, matches)
            return Reply(204)
        if call.method == "PUT":
            self.text(call.body["body"])
            matches |= {"body": call.body["body"], "updated": self.time()}
            self._tell("comment_updated", issue, self.us, matches)
        return Reply(200, matches)

    def open(
        self, author: str, title: str, body: Any = None, labels: list[str] | None = None
    ) -> dict[str, Any]:
        """Somebody opens an issue."""
        issue_id, time_text = str(next(self._ids)), self.time()
        key = f"OPS-{len(self.issues) + 1}"
        fields = {
            "summary": title,
            "description": body,
            "status": _status("To Do"),
            "priority": {"name": "Medium", "id": "3"},
            "labels": labels or [],
            "assignee": None,
            "reporter": self.person(author),
            "resolution": None,
            "resolutiondate": None,
            "created": time_text,
            "updated": time_text,
        }
        issue = {
            "id": issue_id,
            "key": key,
            "self": f"{self.origin}{self.api}issue/{issue_id}",
            "fields": fields,
        }
        self.issues[key] = issue
        self._tell("jira:issue_created", issue, author)
        return issue

    def edit(self, author: str, key: str, *, title: str | None = None, priority: str | None = None) -> None:
        """Somebody edits an issue."""
        fields = self.issues[key]["fields"]
        fields["summary"] = title or fields["summary"]
        fields["priority"] = {"name": priority or fields["priority"]["name"]}
        fields["updated"] = self.time()
        self._tell("jira:issue_updated", self.issues[key], author)

    def move(self, author: str, key: str, status: str) -> None:
        """Somebody has an issue go to another status."""
        fields = self.issues[key]["fields"]
        if status not in WORKFLOW[fields["status"]["name"]].values():
            return
        fields |= {"status": _status(status), "updated": self.time()}
        is_done = status == "Done"
        fields["resolution"] = {"name": "Done"} if is_done else None
        fields["resolutiondate"] = fields["updated"] if is_done else None
        self._tell("jira:issue_updated", self.issues[key], author)

    def comment(
        self, author: str, key: str, body: Any, properties: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Somebody comments on an issue."""
        time_text, comment = self.time(), str(next(self._ids))
        issue = self.issues[key]
        issue["fields"]["updated"] = time_text
        reply = {
            "id": comment,
            "issue": issue["id"],
            "body": body,
            "author": self.person(author),
            "created": time_text,
            "updated": time_text,
        }
        self.comments[comment] = reply | {"properties": properties or []}
        self._tell("comment_created", issue, author, reply)
        return dict(reply)

    def texts(self, key: str) -> list[str]:
        """The comments of an issue as people see them."""
        return [self.text(c["body"]) for c in self.comments.values() if c["issue"] == self.issues[key]["id"]]

    def _tell(
        self, event: str, issue: dict[str, Any], author: str, comment: dict[str, Any] | None = None
    ) -> None:
        time_text = int(self.now().timestamp() * 1000)
        body: dict[str, Any] = {"timestamp": time_text, "webhookEvent": event}
        body["issue"] = {**issue, "fields": dict(issue["fields"])}
        if comment is not None:
            body["comment"] = dict(comment)
        else:
            body["user"] = self.person(author)
        self.tell(body, x_atlassian_webhook_identifier=f"w-{next(self._ids)}")


class JiraDataCenter(Jira):
    """The edition on premises, as its REST interface (version 2, no other) and its webhooks have it: texts
    instead of documents, names instead of account ids, personal access tokens, and comments that come without
    their issue.
    """

    api = "/rest/api/2/"
    search = "search"
    us = "ledgerdesk"
    account_id, text_of_account = "name", "username"

    def authorization(self) -> str:
        return f"Bearer {PERSONAL_TOKEN}"

    def person(self, author: str) -> dict[str, str]:
        return {"name": author, "key": f"JIRAUSER-{author}", "displayName": f"{author} of Acme"}

    def text(self, body: Any) -> str:
        assert isinstance(body, str), body
        return body

    def _tell(
        self, event: str, issue: dict[str, Any], author: str, comment: dict[str, Any] | None = None
    ) -> None:
        if comment is None:
            super()._tell(event, issue, author)
            return
        address = f"{self.origin}{self.api}issue/{issue['id']}/comment/{comment['id']}"
        body = {name: each for name, each in comment.items() if name not in ("issue", "properties")}
        time_text = int(self.now().timestamp() * 1000)
        self.tell({"timestamp": time_text, "webhookEvent": event, "comment": {"self": address, **body}})


def _status(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": CATEGORIES[name]}}
