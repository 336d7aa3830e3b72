"""All rules worth telling: what goes together, what comes before churn or upgrade, what to do."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.patterns.actions import with_actions
from helpers.patterns.baskets import Baskets
from helpers.patterns.families import q_by_family
from helpers.patterns.frames import cells
from helpers.patterns.itemsets import candidate_rules, incidence
from helpers.patterns.material import Material
from helpers.patterns.rules import RULE_COLUMNS, alike_lift, judge, replicate, select, sharpest
from helpers.patterns.signals import restates_outcome
from helpers.patterns.wording import say_rule, with_interval

__all__ = ["RuleSearch", "mine_rules"]

_SHOWN = (
    "n_baskets",
    "confidence",
    "interval",
    "base_rate",
    "lift",
    "relative_risk",
    "q_value",
    "alike_lift",
    "replicated",
    "n_now",
)
MIN_LIFT = {"outcome": 1.3, "use": 1.5}
MIN_CONFIDENCE_USE, MAX_CONFIDENCE_USE = 0.6, 0.98
"""Who uses one feature and nearly always the other cannot do without it: nobody to recommend it."""
MIN_ALIKE_LIFT = 1.25


@dataclass(frozen=True, kw_only=True)
class RuleSearch:
    """The rules to report, and how they were found.

    Parameters
    ----------
    rules : DataFrame
        Reported rules: ``antecedents``, ``consequents`` (lists), the columns of
        :data:`helpers.patterns.rules.RULE_COLUMNS`, ``alike_lift`` (use rules only),
        ``n_now`` (accounts that match now), ``action``, ``reads_as``.
    searched : DataFrame
        Every rule searched, with its counts and q-value.
    matches : DataFrame
        ``rule`` (row of ``rules``), ``account_id``: who has the antecedents in the newest basket
        (and, for rules of use, not the consequent).
    n_without_action : int
        Rules certain enough, but left out because nobody has written what to do.
    min_support : dict of str to float
        Support in force for the searches "outcome" and "use".
    """

    rules: pd.DataFrame
    searched: pd.DataFrame
    matches: pd.DataFrame
    n_without_action: int
    min_support: dict[str, float]

    @property
    def labels(self) -> list[str]:
        """Each reported rule as ``left + left → right``."""
        return [
            f"{' + '.join(before)} → {after[0]}"
            for before, after in zip(
                self.rules["antecedents"], self.rules["consequents"], strict=True
            )
        ]

    @property
    def shown(self) -> pd.DataFrame:
        """The reported rules for a reader."""
        named = with_interval(self.rules.assign(rule=self.labels, what_to_do=self.rules["action"]))
        return named[["rule", *_SHOWN, "what_to_do"]]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is written, by name."""
        return {
            "rules": self.rules,
            "rules_searched": self.searched,
            "rule_matches": self.matches,
        }

    @property
    def measures(self) -> dict[str, float]:
        """Confidence and lift of each reported rule, by its label."""
        rows = zip(self.labels, self.rules["confidence"], self.rules["lift"], strict=True)
        found: dict[str, float] = {"n_rules": len(self.rules)}
        for text, confidence, lift in rows:
            found |= {f"confidence of {text}": float(confidence), f"lift of {text}": float(lift)}
        return found


def mine_rules(
    material: Material,
    *,
    min_support: float,
    max_antecedents: int = 2,
    min_baskets: int = 10,
    max_q: float = 0.05,
) -> RuleSearch:
    """Search rules of outcome and rules of use, judge all of them, and report some.

    Parameters
    ----------
    material : Material
        From :func:`helpers.patterns.material.read_material`.
    min_support : float
        Share of baskets that hold antecedents and consequent, in (0, 0.5]; rules of use, of
        which there are many, must be twice as frequent.
    max_antecedents : int
        Antecedents of rules of outcome; rules of use have one, since "who uses A and B uses C"
        mostly says that some accounts use everything.
    min_baskets : int
        Fewer baskets with, or without, the antecedents: not tested.
    max_q : float
        Largest q-value reported; all rules searched are counted, each outcome as a family.
    """
    outcome, outcome_table, low = _search_outcomes(
        material, min_support, max_antecedents, min_baskets
    )
    use, use_table, low_use = _search_use(material, 2 * min_support, min_baskets)
    parts = [part for part in (outcome, use) if len(part)]
    searched = pd.concat(parts, ignore_index=True) if parts else outcome
    right = searched["consequents"].map(lambda items: items[0].startswith("uses ")).astype(bool)
    family = searched["consequents"].map(lambda items: items[0]).where(~right, "use")
    searched = searched.assign(q_value=q_by_family(searched["p_value"].astype(float), family))
    told = [
        sharpest(
            select(searched[~right], max_q=max_q, min_lift=MIN_LIFT["outcome"]),
            outcome_table,
            material.before_outcomes.baskets,
        ),
        _distinct_use(searched[right], use_table, max_q),
    ]
    told[0] = _one_upgrade(told[0])
    chosen = pd.concat([part for part in told if len(part)] or told[:1], ignore_index=True)
    reported, without = with_actions(chosen)
    reported, matches = _matching_now(reported, material.together)
    return RuleSearch(
        rules=_finished(reported, material),
        searched=_listed(searched),
        matches=matches,
        n_without_action=len(without),
        min_support={"outcome": low, "use": low_use},
    )


def _search_outcomes(
    material: Material, min_support: float, max_antecedents: int, min_baskets: int
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    held = material.before_outcomes
    table = incidence(held.items, held.baskets["basket"])
    items = [*held.of("use"), *held.of("signal")]
    names = pd.Series(items, dtype="string").str.replace(" ", "_")
    allowed = pd.Series(True, names.index)
    for outcome in ("churned", "upgraded"):
        allowed &= ~restates_outcome(names, outcome, silence=material.silence_is_churn)
    candidates = candidate_rules(
        table,
        consequents=held.of("outcome"),
        antecedents=[item for item, keep in zip(items, allowed, strict=True) if keep],
        min_support=min_support,
        max_antecedents=max_antecedents,
        spark=material.spark,
    )
    judged = judge(table, held.baskets, candidates, min_baskets=min_baskets)
    return replicate(judged, table, held.baskets), table, candidates.min_support


def _search_use(
    material: Material, min_support: float, min_baskets: int
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    held = material.together
    uses = held.of("use")
    table = incidence(held.items[held.items["item"].isin(uses)], held.baskets["basket"])
    candidates = candidate_rules(
        table,
        consequents=uses,
        antecedents=uses,
        min_support=min_support,
        max_antecedents=1,
        spark=material.spark,
    )
    judged = judge(table, held.baskets, candidates, min_baskets=min_baskets)
    return replicate(judged, table, held.baskets), table, candidates.min_support


def _one_upgrade(rules: pd.DataFrame) -> pd.DataFrame:
    """Keep the sharper of two rules from the same antecedents to any and to an annual upgrade."""
    named = rules.assign(detail=rules["consequents"].map(lambda items: len(items[0])))
    ordered = named.sort_values(["lift", "detail"], ascending=False, kind="stable")
    what = ordered["consequents"].map(lambda items: items[0].split()[0])
    repeats = pd.DataFrame({"b": ordered["antecedents"], "a": what}).duplicated()
    kept = ordered[~repeats].drop(columns=["detail"])
    by = ["consequents", "lift", "antecedents"]
    return kept.sort_values(by, ascending=[True, False, True]).reset_index(drop=True)


def _distinct_use(rules: pd.DataFrame, table: pd.DataFrame, max_q: float) -> pd.DataFrame:
    """Keep rules of use that say more than "who uses much uses everything", each pair once."""
    kept = select(rules, max_q=max_q, min_lift=MIN_LIFT["use"], min_confidence=MIN_CONFIDENCE_USE)
    kept = kept[kept["confidence"] <= MAX_CONFIDENCE_USE]
    kept = kept.assign(alike_lift=alike_lift(kept, table, list(table.columns)))
    kept = kept[kept["alike_lift"] >= MIN_ALIKE_LIFT]
    kept = kept.sort_values(["confidence", "antecedents"], ascending=[False, True])
    pairs = zip(kept["antecedents"], kept["consequents"], strict=True)
    turned = pd.Series([tuple(sorted(before + after)) for before, after in pairs], kept.index)
    kept = kept[~turned.duplicated()]  # of A → B and B → A the surer one
    by = ["alike_lift", "antecedents"]
    return kept.sort_values(by, ascending=[False, True]).reset_index(drop=True)


def _matching_now(rules: pd.DataFrame, together: Baskets) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the accounts whose newest basket has the antecedents."""
    baskets = together.baskets
    newest = baskets[baskets["as_of"] == baskets["as_of"].max()]
    table = incidence(together.items, newest["basket"]).set_axis(newest["account_id"].to_numpy())
    found = []
    for before, after in zip(rules["antecedents"], rules["consequents"], strict=True):
        here = np.ones(len(table), bool)
        for item in before:
            here &= table[item].to_numpy(bool) if item in table else False
        if after[0].startswith("uses ") and after[0] in table:
            here &= ~table[after[0]].to_numpy(bool)
        found.append(table.index[here].tolist())
    matches = pd.DataFrame(
        [(number, account) for number, accounts in enumerate(found) for account in accounts],
        columns=["rule", "account_id"],
    )
    return rules.assign(n_now=[len(accounts) for accounts in found]), matches


def _listed(rules: pd.DataFrame) -> pd.DataFrame:
    """Return rules whose sides are lists, as a table on disk needs them."""
    return rules.assign(
        antecedents=cells((list(items) for items in rules["antecedents"]), rules.index),
        consequents=cells((list(items) for items in rules["consequents"]), rules.index),
    )


def _finished(rules: pd.DataFrame, material: Material) -> pd.DataFrame:
    columns = [*RULE_COLUMNS, "alike_lift", "n_now", "action", "reads_as"]
    rules = rules.assign(
        reads_as=say_rule(
            rules,
            basket_days=material.together.basket_days,
            horizon_days=material.horizon_days,
        )
    )
    return _listed(rules).reindex(columns=columns).drop(columns=["redundant"])
