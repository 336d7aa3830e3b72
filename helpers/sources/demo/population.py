"""Who the customers are: what does not change while the company is watched."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.season import REGIONS
from helpers.sources.demo.settings import NEW_DAYS, PLANTED, Scale, generator
from helpers.sources.demo.taxonomy import ADOPTION, AT_RISK, CASUAL, FEATURES, NEW, POWER

__all__ = ["INDUSTRIES", "PLANS", "Population", "make_population"]

PLANS = ("Starter", "Pro", "Enterprise")
INDUSTRIES = (
    "Software",
    "Manufacturing",
    "Professional services",
    "Retail",
    "Health care",
    "Education",
)

# share of the accounts already there on day 0, in the order of STATES
_FIRST_SHARES = (
    PLANTED.share_new,
    PLANTED.share_casual,
    PLANTED.share_power,
    PLANTED.share_at_risk,
)

_QUARTERLY_CHURN = 0.07  # of live accounts; only to guess how many accounts were there on day 0

_WORDS = (
    ("Alder", "Amber", "Arc", "Aster", "Beacon", "Birch", "Blue", "Bright", "Cedar", "Clear"),
    ("Cobalt", "Copper", "Coral", "Crest", "Delta", "Ember", "Falcon", "Fern", "Flint", "Frost"),
    ("Golden", "Granite", "Harbor", "Hazel", "Heron", "Iron", "Ivory", "Juniper", "Kestrel"),
    ("Lark", "Laurel", "Linden", "Lunar", "Maple", "Meadow", "Mosaic", "North", "Oak", "Opal"),
    ("Orchid", "Pine", "Quartz", "River", "Rowan", "Sable", "Silver", "Slate", "Summit", "Tidal"),
)
_FIRST = tuple(word for row in _WORDS for word in row)
_SECOND = (
    ("Analytics", "Systems", "Works", "Labs", "Partners", "Logistics", "Foods", "Media"),
    ("Consulting", "Clinics", "Academy", "Retail", "Energy", "Design", "Robotics", "Textiles"),
)
_LAST = tuple(word for row in _SECOND for word in row)
_FORMS = ("GmbH", "AG", "AB", "Oy", "Ltd", "BV", "ApS", "SE")

HOSTILE_NAMES = ("<script>alert(1)</script>", '=HYPERLINK("http://x")', "$x_{$")


@dataclass(frozen=True)
class Population:
    """Arrays over all accounts, in the order in which the accounts began.

    ``signup_day`` is known for those there on day 0 only; the weekly life of the company fills
    in the others. ``adopts`` says for each state (NEW, CASUAL, ...) which features an account
    uses.
    """

    n_first: int
    id_steps: NDArray[np.int64]
    names: list[str]
    industry: NDArray[np.int64]
    region: NDArray[np.int64]
    employees: NDArray[np.int64]
    plan: NDArray[np.int64]
    annual: NDArray[np.bool_]
    team: NDArray[np.int64]
    discount: NDArray[np.float64]
    opted_out: NDArray[np.bool_]
    pays_late: NDArray[np.bool_]
    has_trial: NDArray[np.bool_]
    billing_day: NDArray[np.int64]
    first_age: NDArray[np.int64]
    first_state: NDArray[np.int64]
    rate_factor: NDArray[np.float64]
    rate_new: NDArray[np.float64]
    adopts: NDArray[np.bool_]
    csm: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.id_steps)

    @property
    def n_csm(self) -> int:
        """Customer-success managers: one for about 60 accounts."""
        return max(2, round(len(self) / 60))


def first_accounts(scale: Scale) -> int:
    """Guess how many accounts must be there on day 0 for the rest to fit in.

    New accounts are held at a fifth of the live ones, which fixes how many sign up.
    """
    quarters = scale.n_days / NEW_DAYS
    growth = PLANTED.share_new - _QUARTERLY_CHURN
    signups = PLANTED.share_new * ((1 + growth) ** quarters - 1) / growth
    spare = 0.90 - 0.6 / np.sqrt(scale.accounts)
    return int(spare * scale.accounts / (1 + signups))


def make_population(scale: Scale) -> Population:
    """Draw the accounts."""
    rng = generator(scale.seed, "population")
    n = scale.accounts
    n_first = first_accounts(scale)
    plan = rng.choice(len(PLANS), n, p=(0.40, 0.42, 0.18))
    team = _teams(rng, plan)
    n_csm = max(2, round(n / 60))
    state = _first_states(n_first)
    age = _first_ages(rng, state)
    order = np.argsort(-age, kind="stable")
    return Population(
        n_first=n_first,
        id_steps=rng.integers(1, 18, n),
        names=_names(rng, n),
        industry=rng.choice(len(INDUSTRIES), n, p=(0.26, 0.18, 0.22, 0.14, 0.10, 0.10)),
        region=rng.choice(len(REGIONS), n, p=(0.46, 0.20, 0.20, 0.14)),
        employees=np.maximum(team, np.round(team * rng.lognormal(1.6, 0.8, n))).astype(np.int64),
        plan=plan,
        annual=rng.random(n) < np.array([0.20, 0.40, 0.75])[plan],
        team=team,
        discount=np.round(
            rng.choice([0, 0.05, 0.1, 0.15, 0.2], n, p=(0.6, 0.1, 0.15, 0.1, 0.05)), 2
        ),
        opted_out=_exactly(rng, n, PLANTED.opted_out_share),
        pays_late=rng.random(n) < 0.12,
        has_trial=rng.random(n) < 0.8,
        billing_day=rng.integers(1, 29, n),
        first_age=age[order],
        first_state=state[order],
        rate_factor=np.clip(rng.lognormal(0, 0.25, n), 0.55, 1.7),
        rate_new=np.clip(0.30 * rng.lognormal(0, 0.45, n), 0.10, 0.60),
        adopts=_adoption(rng, plan),
        csm=rng.integers(0, n_csm, n),
    )


def _teams(rng: np.random.Generator, plan: NDArray[np.int64]) -> NDArray[np.int64]:
    """People who end up with a seat; skewed, larger in larger plans."""
    median = np.array([4.5, 8.0, 20.0])[plan]
    drawn = median * rng.lognormal(0, 0.6, len(plan))
    return np.clip(np.round(drawn), 2, 150).astype(np.int64)


def _exactly(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    chosen = np.zeros(n, bool)
    chosen[rng.choice(n, max(1, round(share * n)), replace=False)] = True
    return chosen


def _names(rng: np.random.Generator, n: int) -> list[str]:
    first, last, form = (rng.integers(0, len(words), n) for words in (_FIRST, _LAST, _FORMS))
    names, seen = [], dict[str, int]()
    for a, b, c in zip(first.tolist(), last.tolist(), form.tolist(), strict=True):
        name = f"{_FIRST[a]} {_LAST[b]} {_FORMS[c]}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    for place, hostile in zip(rng.choice(n, 3, replace=False), HOSTILE_NAMES, strict=True):
        names[int(place)] = hostile
    return names


def _first_states(n_first: int) -> NDArray[np.int64]:
    counts = np.round(np.array(_FIRST_SHARES) * n_first).astype(int)
    counts[CASUAL] += n_first - counts.sum()
    return np.repeat([NEW, CASUAL, POWER, AT_RISK], counts)


def _first_ages(rng: np.random.Generator, state: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days since sign-up on day 0; new ones below NEW_DAYS, spread evenly."""
    old = NEW_DAYS + 60 + np.minimum(rng.exponential(420, len(state)), 1800)
    fresh = rng.integers(1, NEW_DAYS, len(state))
    return np.where(state == NEW, fresh, old).astype(np.int64)


def _adoption(rng: np.random.Generator, plan: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which features each account uses in each state, (4, n, n_features).

    One draw an account and feature, compared with the state's share: an account that comes to
    use the product more keeps what it used before. Automations (A) bring workload planning (B)
    with them at the planted confidence, in every state alike. Draws are spread evenly, so that
    the shares hold in a small company too.
    """
    drawn = np.column_stack([_even(rng, len(plan)) for _ in FEATURES])
    pays = plan > 0
    a, b = FEATURES.index("automations"), FEATURES.index("workload")
    drawn[pays, a] = _even(rng, int(pays.sum()))
    partner = np.zeros(len(plan), bool)
    partner[np.lexsort([drawn[:, a], ~pays])] = dealt(len(plan), PLANTED.feature_a_to_b)
    shares = np.array([ADOPTION[feature] for feature in FEATURES])  # (n_features, 4)
    adopts = drawn[None, :, :] < shares.T[:, None, :]
    timeline = FEATURES.index("timeline")
    adopts[:, :, a] &= pays
    adopts[:, :, timeline] &= pays
    adopts[:, :, b] = np.where(adopts[:, :, a], partner, adopts[:, :, b] & pays)
    return adopts


def _even(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Return uniform draws, one in each of n equal strips of [0, 1), in random order."""
    return (rng.permutation(n) + rng.random(n)) / max(n, 1)


def dealt(n: int, share: float, start: int = 0) -> NDArray[np.bool_]:
    """Deal n yes or no so that every stretch of them holds close to ``share`` yes.

    Fractional parts of multiples of the golden ratio are spread evenly (Weyl 1916).
    """
    golden = (5**0.5 - 1) / 2
    return ((np.arange(start, start + n) + 0.5) * golden) % 1 < share
