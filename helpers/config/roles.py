"""Which event names mean what."""

from pydantic import Field

from helpers.config.sources import Strict

__all__ = ["ROLE_NAMES", "Roles"]


class Roles(Strict):
    """Which event names mean what; a role left empty is reported as not tracked."""

    signup: list[str] = Field(default_factory=list, description="a user's first event")
    login: list[str] = Field(default_factory=list)
    invite: list[str] = Field(default_factory=list, description="a colleague is invited")
    error: list[str] = Field(default_factory=list)
    pricing_page: list[str] = Field(default_factory=list)
    competitor_search: list[str] = Field(default_factory=list)
    export: list[str] = Field(default_factory=list)
    integration: list[str] = Field(default_factory=list, description="an integration at work")
    upload: list[str] = Field(default_factory=list, description="data brought in")
    help: list[str] = Field(default_factory=list, description="help centre, documentation")
    learning: list[str] = Field(default_factory=list, description="training, courses, webinars")
    community: list[str] = Field(default_factory=list)
    collaboration: list[str] = Field(default_factory=list, description="comment, share, mention")
    setup: list[str] = Field(default_factory=list, description="steps of the set-up, in order")
    limit_hit: list[str] = Field(default_factory=list, description="refused for a plan limit")
    security: list[str] = Field(default_factory=list, description="failed login, new API key, ...")

    def events_of(self, role: str) -> list[str]:
        """Return the event names of a role; ``AttributeError`` for an unknown role."""
        names: list[str] = getattr(self, role)
        return names


ROLE_NAMES: tuple[str, ...] = tuple(Roles.model_fields)
