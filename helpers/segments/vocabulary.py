"""The names a segment can have: a written rule on stage, risk and engagement for each.

Rules are tried from the top; the first that holds gives the name. A level that is not known
(its source is absent) satisfies no condition. When two clusters earn the same name, the larger
keeps it and the other takes a later rule of the same family that also holds.
"""

from dataclasses import dataclass, field

__all__ = ["FAMILY_NAMES", "NAME_RULES", "NameRule", "family_of"]

FAMILY_NAMES = {
    "growing": "Growing",
    "engaged": "Power Users",
    "regular": "Casual Users",
    "new": "New Users",
    "struggling": "Struggling Adopters",
    "at risk": "At Risk",
}
"""Family to its plain name; names of one family ask for the same kind of attention."""


@dataclass(frozen=True)
class NameRule:
    """A name and the levels it asks for.

    Parameters
    ----------
    name : str
        As people read it.
    family : str
        One of :data:`FAMILY_NAMES`.
    levels : dict of str to tuple of str
        Aspect to the levels that satisfy the rule; aspects not named are free.
    """

    name: str
    family: str
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _r(name: str, family: str, **levels: str) -> NameRule:
    return NameRule(name, family, {key: tuple(text.split("|")) for key, text in levels.items()})


_USED = "deep|frequent"

NAME_RULES = (
    _r("Onboarding", "new", stage="first month"),
    _r("New Users", "new", stage="first month|new"),
    _r("Power Users at Risk of Feature Fatigue", "at risk", direction="falling", use=_USED),
    _r("Silent Churners", "at risk", direction="falling", use="rare", support="low"),
    _r("At Risk", "at risk", direction="falling"),
    _r("Scaling Champions", "growing", direction="rising", use=_USED, breadth="wide|middling"),
    _r("Expansion Ready", "growing", limits="near", use=_USED),
    _r("Growing Accounts with Untapped Potential", "growing", direction="rising", breadth="narrow"),
    _r("Growing", "growing", direction="rising"),
    _r("Power Users", "engaged", use="deep", breadth="wide|middling"),
    _r("Champions", "engaged", use=_USED, breadth="wide", mood="happy"),
    _r("Self-Sufficient Power Users", "engaged", use=_USED, breadth="wide", support="low"),
    _r("Mature Optimizers", "engaged", use=_USED, stage="established|mature"),
    _r("Struggling Adopters", "struggling", breadth="narrow", support="high"),
    _r("Silent Strugglers", "struggling", use="rare", breadth="narrow", support="low|usual"),
    _r("Casual Users", "regular"),
)
"""The last rule always holds: regular use of the basics."""


def family_of(segment: str) -> str:
    """Return the family of a segment name, qualified or not; ``regular`` for other names."""
    plain = segment.split(" (")[0]
    return next((rule.family for rule in NAME_RULES if rule.name == plain), "regular")
