"""Where results are handed over: the part of the YAML under `delivery`."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from helpers.config.sources import Strict

__all__ = ["Channel", "Crm", "Delivery"]

_REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_ .]{0,79}")
HOSTS = {
    "slack": ("hooks.slack.com",),
    "teams": (".logic.azure.com", ".api.powerplatform.com"),
}
"""Hosts of each kind; one that begins with a dot stands for all below it."""


class Channel(Strict):
    """One place that messages go to: a webhook of Slack, or of Teams (Workflows)."""

    kind: Literal["slack", "teams"]
    url: str = Field(
        pattern=_REFERENCE,
        description="where the address is found, never the address itself: env:NAME or file:/path",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="hosts the address may name; default: those of Slack or of Workflows",
    )

    @model_validator(mode="after")
    def _hosts_are_names(self) -> Self:
        wrong = [host for host in self.hosts if not _HOST.fullmatch(host.removeprefix("."))]
        if wrong:
            raise ValueError(f"hosts: expected names such as hooks.slack.com, got {wrong}")
        return self

    @property
    def allowed(self) -> tuple[str, ...]:
        """The hosts in force."""
        return tuple(self.hosts) or HOSTS[self.kind]


class Crm(Strict):
    """How the table for the CRM is written."""

    system: Literal["generic", "salesforce", "gainsight"] = "generic"
    key: str = Field(default="account_id", description="heading of the account's id, unique")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="our column to the CRM's field, e.g. segment: CS_Segment__c; default: ours",
    )
    max_changed_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="more accounts with another segment or churn band than before: not published",
    )

    @model_validator(mode="after")
    def _fields_are_names(self) -> Self:
        names = [self.key, *self.fields.values()]
        wrong = [name for name in names if not _FIELD.fullmatch(name)]
        if wrong:
            raise ValueError(f"fields: expected names such as CS_Segment__c, got {wrong}")
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("fields: two columns go to one field")
        return self


class Delivery(Strict):
    """What is handed over, to whom, and whether anything is sent."""

    send: bool = Field(default=False, description="false: payload files are written, nothing sent")
    channels: dict[str, Channel] = Field(default_factory=dict)
    crm: Crm = Crm()
    max_messages: int = Field(
        default=10, ge=1, le=40, description="messages a run, besides the digest that counts them"
    )
    max_age_days: int = Field(
        default=14, ge=0, description="an as-of date further back is the past: nothing is sent"
    )
    link: str | None = Field(
        default=None,
        pattern=r"^https://[^\s\"'<>]+$",
        description="where the reports folder can be opened, for the button of a message",
    )

    @model_validator(mode="after")
    def _send_needs_a_channel(self) -> Self:
        if self.send and not self.channels:
            raise ValueError("send: true needs at least one channel")
        return self
