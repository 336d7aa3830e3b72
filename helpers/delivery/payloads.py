"""A message as Slack and Teams want it: plain text only, so that no name can act as markup.

References
----------
Slack, *Block Kit reference*: 50 blocks, 3,000 characters a text, 150 a header. Microsoft,
*Create incoming webhooks with Workflows* and *Adaptive Cards schema 1.4*: 28 kB a message; a
``TextRun`` is not read as Markdown, a ``TextBlock`` is.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from helpers.delivery.messages import Message
from helpers.report.text import visible

__all__ = ["dumped", "payload"]

HEADER, TEXT, TEAMS_BYTES = 150, 3000, 28_000
_MENTION = re.compile(r"@(?=\w)")
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,15}):(?=//)|\b(mailto|javascript):")
_JOINER = "\u2060"
_SLACK_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def payload(kind: str, message: Message, *, link: str | None = None) -> dict[str, Any]:
    """Return the body of the request for a channel of this kind.

    Parameters
    ----------
    kind : str
        "slack" (Block Kit) or "teams" (Adaptive Card for a Workflows webhook).
    message : Message
        Texts may hold anything: mentions are disarmed, markup is shown as it is.
    link : str, optional
        ``https`` address of the report, from the configuration.
    """
    return _slack(message, link) if kind == "slack" else _teams(message, link)


def dumped(body: Mapping[str, Any]) -> str:
    """Return a body as JSON; a number that JSON does not know is refused with a ValueError."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False)


def _calm(text: str) -> str:
    """Take the power from ``@here`` and from addresses: a joiner that nobody sees breaks them."""
    broken = _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + ":", visible(text))
    return _MENTION.sub("@" + _JOINER, broken)


def _cut(text: str, n: int) -> str:
    return text if len(text) <= n else text[: n - 1] + "…"


def _slack(message: Message, link: str | None) -> dict[str, Any]:
    def plain(text: str, n: int) -> dict[str, Any]:
        return {"type": "plain_text", "text": _cut(_calm(text), n), "emoji": False}

    blocks: list[dict[str, Any]] = [{"type": "header", "text": plain(message.title, HEADER)}]
    body = _cut("\n".join(_calm(line) for line in message.lines), TEXT)
    if body:
        text = {"type": "plain_text", "text": body, "emoji": False}
        blocks.append({"type": "section", "text": text})
    if link:
        button = {"type": "button", "text": plain("Open the report", 75), "url": link}
        blocks.append({"type": "actions", "elements": [button]})
    elements = [plain(f"{message.rule} · {message.id}", TEXT)]
    blocks.append({"type": "context", "elements": elements})
    fallback = _calm(message.title)
    for sign, entity in _SLACK_MARKUP.items():  # the fallback text is read as markup
        fallback = fallback.replace(sign, entity)
    return {"text": _cut(fallback, TEXT), "blocks": blocks}


def _teams(message: Message, link: str | None) -> dict[str, Any]:
    lines = [_calm(line) for line in message.lines]
    dropped = 0
    while True:
        told = lines + ([f"+{dropped} more"] if dropped else [])
        card = _card(message, told, link)
        if len(dumped(card).encode("utf-8")) <= TEAMS_BYTES or not lines:
            return card
        lines.pop()
        dropped += 1


def _card(message: Message, lines: list[str], link: str | None) -> dict[str, Any]:
    def run(text: str, **style: Any) -> dict[str, Any]:
        inline = {"type": "TextRun", "text": text, **style}
        return {"type": "RichTextBlock", "inlines": [inline]}

    title = _cut(_calm(message.title), HEADER)
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            run(title, weight="Bolder", size="Medium"),
            *(run(_cut(line, TEXT)) for line in lines),
            run(f"{message.rule} · {message.id}", isSubtle=True, size="Small"),
        ],
    }
    if link:
        content["actions"] = [{"type": "Action.OpenUrl", "title": "Open the report", "url": link}]
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}
