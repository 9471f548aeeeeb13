"""How an approved reply leaves: as text to copy, an .eml file, a CSV row, or a POST to an allow-listed address.

Pure except for `post`; decides nothing about who may send. Knows no database.
"""

from __future__ import annotations

import csv
import http.client
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Literal

from app.errors import NotAllowed, SendFailed
from app.exports import inert

Channel = Literal["copy", "eml", "csv", "webhook"]
WEBHOOK_SECONDS = 10
CSV_COLUMNS = ("ticket_id", "merchant_id", "recipient", "language", "text", "approved_by", "draft_id")


@dataclass(frozen=True)
class Reply:
    """What goes out."""

    draft_id: str
    ticket_id: str
    merchant_id: str
    recipient: str
    subject: str
    language: str
    text: str
    approved_by: str


def as_eml(reply: Reply) -> bytes:
    """An unsent e-mail that a mail program opens as a new message. Raises SendFailed on an address that is none."""
    message = EmailMessage(policy=SMTP)
    try:
        message["To"] = reply.recipient
        message["Subject"] = " ".join(reply.subject.split()) or f"Re: {reply.ticket_id}"
    except ValueError as error:
        raise SendFailed("{recipient} is not an e-mail address.", recipient=reply.recipient) from error
    message["X-Unsent"] = "1"
    message["Content-Language"] = reply.language
    message.set_content(reply.text)
    return message.as_bytes()


def as_csv(replies: Iterable[Reply]) -> str:
    """Replies as CSV with a header; a cell that a spreadsheet would run as a formula gets a leading apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([inert(str(getattr(reply, column))) for column in CSV_COLUMNS] for reply in replies)
    return file.getvalue()


def as_json(reply: Reply) -> Mapping[str, Any]:
    """The body that a webhook receives."""
    return {name: getattr(reply, name) for name in Reply.__dataclass_fields__}


def post(url: str, reply: Reply, *, allowed: tuple[str, ...], key: str, timeout: float = WEBHOOK_SECONDS) -> str:
    """POSTs the reply as JSON and returns the answer's status line. `key` goes along as Idempotency-Key.

    Raises NotAllowed for an address that is not in the list (compared whole; redirects are not followed) and SendFailed when
    it can't be reached in time or answers with other than 2xx.
    """
    if url not in allowed:
        raise NotAllowed("{url} is not among the allowed webhooks: an administrator adds it to webhook_allow.", url=url)
    request = urllib.request.Request(
        url,
        data=json.dumps(as_json(reply), ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=timeout) as answer:
            return f"{answer.status} {answer.reason}"
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        OSError,
    ) as error:  # HTTPException: an answer that is no HTTP
        raise SendFailed("{url} did not take the reply: {error}. It was not sent.", url=url, error=error) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """A redirect would leave the allow-list; it counts as an error."""
        return
