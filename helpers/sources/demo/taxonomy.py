"""What can happen in the product: events, the features they belong to, who uses what.

The adoption table says which share of accounts in a state uses a feature at all; the mix says
how often, relative to each other, the features in use are used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ADOPTION",
    "AT_RISK",
    "CASUAL",
    "CORE_EVENTS",
    "EVENTS",
    "FEATURES",
    "FEATURE_OF",
    "MIX",
    "NEW",
    "POWER",
    "STATES",
    "EventType",
    "code",
]

STATES = ("new", "casual", "power", "at_risk")
NEW, CASUAL, POWER, AT_RISK = range(4)


@dataclass(frozen=True)
class EventType:
    """One event name: its feature, what it tells, and the milestone it marks."""

    name: str
    feature: str | None = None
    kind: str | None = None
    core: bool = False
    premium: bool = False
    milestone: str | None = None


EVENTS: tuple[EventType, ...] = (
    EventType("login", None, "frequency"),
    EventType("signed_up", None, "outcome", milestone="signed up"),
    EventType("email_verified", None, "outcome", milestone="e-mail verified"),
    EventType("profile_completed", None, "outcome", milestone="profile complete"),
    EventType("setup_step_completed", None, "outcome", milestone="set-up step"),
    EventType("features_browsed", None, "breadth"),
    EventType("session_ended", None, "frequency"),
    EventType("user_invited", None, "breadth", milestone="colleague invited"),
    EventType("project_created", "projects", "outcome", core=True, milestone="first project"),
    EventType("task_created", "tasks", "depth", core=True, milestone="first task"),
    EventType("task_completed", "tasks", "outcome", core=True),
    EventType("comment_added", "comments", "depth", core=True),
    EventType("file_uploaded", "files", "depth", core=True),
    EventType("board_viewed", "boards", "depth", core=True),
    EventType("item_shared", "sharing", "breadth", core=True),
    EventType("report_built", "reports", "depth", milestone="first report"),
    EventType("integration_used", "integrations", "depth", milestone="first integration"),
    EventType("automation_run", "automations", "depth", premium=True),
    EventType("workload_planned", "workload", "depth", premium=True),
    EventType("timeline_viewed", "timeline", "depth", premium=True),
    EventType("bulk_import_run", "bulk_import", "depth"),
    EventType("api_called", "api", "depth"),
    EventType("api_key_created", "api", "breadth"),
    EventType("export_run", "exports", "depth"),
    EventType("help_article_viewed", "help_centre", "breadth"),
    EventType("webinar_attended", "learning", "breadth"),
    EventType("community_posted", "community", "breadth"),
    EventType("pricing_page_viewed", None, None),
    EventType("competitor_comparison_searched", None, None),
    EventType("error_shown", None, None),
    EventType("login_failed", None, None),
    EventType("limit_reached", None, None),
)

_CODES = {event.name: number for number, event in enumerate(EVENTS)}

FEATURES: tuple[str, ...] = tuple(
    dict.fromkeys(event.feature for event in EVENTS if event.feature is not None)
)
FEATURE_OF: NDArray[np.int64] = np.array(
    [FEATURES.index(event.feature) if event.feature else -1 for event in EVENTS]
)
CORE_EVENTS: NDArray[np.int64] = np.array([n for n, event in enumerate(EVENTS) if event.core])


def code(name: str) -> int:
    """Return the number of an event; ``KeyError`` for an unknown name."""
    return _CODES[name]


# share of accounts that use the feature: new, casual, power, at risk
ADOPTION: dict[str, tuple[float, float, float, float]] = {
    "projects": (0.90, 0.80, 1.00, 0.55),
    "tasks": (1.00, 1.00, 1.00, 1.00),
    "comments": (0.80, 0.70, 1.00, 0.45),
    "files": (0.55, 0.45, 0.95, 0.25),
    "boards": (0.90, 0.90, 1.00, 0.75),
    "sharing": (0.45, 0.30, 0.95, 0.12),
    "reports": (0.30, 0.15, 0.92, 0.10),
    "integrations": (0.25, 0.20, 0.88, 0.15),
    "automations": (0.60, 0.36, 0.80, 0.45),  # of the accounts whose plan includes it
    "workload": (0.38, 0.38, 0.38, 0.38),  # of those that do not use automations
    "timeline": (0.20, 0.10, 0.75, 0.06),  # of the accounts whose plan includes it
    "bulk_import": (0.40, 0.40, 0.40, 0.40),
    "api": (0.08, 0.08, 0.55, 0.06),
    "exports": (0.20, 0.18, 0.75, 0.15),
    "help_centre": (1.00, 0.45, 0.60, 0.60),
    "learning": (0.65, 0.10, 0.50, 0.05),
    "community": (0.30, 0.05, 0.50, 0.03),
}

# weight of an event among the actions of a session: new, casual, power, at risk
MIX: dict[str, tuple[float, float, float, float]] = {
    "features_browsed": (2.5, 0.15, 0.15, 0.15),
    "project_created": (3.0, 2.0, 3.0, 1.2),
    "task_created": (16.0, 22.0, 20.0, 20.0),
    "task_completed": (10.0, 18.0, 18.0, 13.0),
    "comment_added": (8.0, 9.0, 12.0, 6.0),
    "file_uploaded": (4.0, 4.0, 5.0, 3.0),
    "board_viewed": (16.0, 17.0, 13.0, 18.0),
    "item_shared": (3.0, 3.0, 5.0, 2.0),
    "report_built": (3.0, 3.0, 4.5, 2.0),
    "integration_used": (4.0, 4.0, 5.0, 3.0),
    "automation_run": (3.0, 4.0, 5.0, 3.0),
    "workload_planned": (2.0, 2.5, 3.0, 2.0),
    "timeline_viewed": (3.0, 3.0, 4.0, 2.0),
    "api_called": (3.0, 3.0, 4.0, 3.0),
    "export_run": (1.5, 1.5, 2.0, 2.0),
    "help_article_viewed": (13.0, 3.0, 1.0, 5.0),
    "webinar_attended": (2.0, 0.8, 0.6, 0.5),
    "community_posted": (0.8, 0.6, 0.6, 0.4),
    "pricing_page_viewed": (0.8, 0.25, 0.25, 1.6),
    "competitor_comparison_searched": (0.10, 0.04, 0.02, 0.8),
    "error_shown": (1.8, 1.4, 1.2, 4.0),
    "login_failed": (0.6, 0.4, 0.3, 0.6),
}
