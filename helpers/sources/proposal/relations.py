"""How tables belong together: which column holds the account, where it must be looked up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpers.contract import TABLES
from helpers.sources.proposal.inventory import Dataset
from helpers.sources.proposal.match import Guess, Match
from helpers.sources.proposal.names import normalise
from helpers.sources.proposal.profile import Profile

__all__ = ["LookupGuess", "find_lookup", "overlap", "with_checked_accounts"]

_MOST, _SOME = 0.9, 0.5


@dataclass(frozen=True, kw_only=True)
class LookupGuess:
    """Another file that knows the account of a row."""

    name: str
    dataset: Dataset
    key: str
    match: str
    account: str
    valid_from: str = ""
    valid_to: str = ""


def overlap(values: frozenset[str], known: frozenset[str]) -> float:
    """Return the share of values that are known, compared without case."""
    if not values:
        return 0.0
    folded = {value.casefold() for value in known}
    return sum(value.casefold() in folded for value in values) / len(values)


def with_checked_accounts(match: Match, known: frozenset[str]) -> Match:
    """Compare the guessed account column with the accounts that exist; take a better one.

    Parameters
    ----------
    match : Match
        Of another table than accounts.
    known : frozenset of str
        Ids of the accounts table.
    """
    if "account_id" not in TABLES[match.table].names or not known:
        return match
    guess = match.guesses.get("account_id")
    share = overlap(match.dataset.columns[guess.source].values, known) if guess else 0.0
    if share >= _MOST:
        return match
    shares = {
        name: overlap(facts.values, known)
        for name, facts in match.dataset.columns.items()
        if facts.kind in ("text", "number")
    }
    best = max(sorted(shares), key=lambda name: shares[name], default="")
    guesses = dict(match.guesses)
    if best and shares[best] >= _MOST:
        why = f"{shares[best]:.0%} of its values are known accounts"
        guesses = {n: g for n, g in guesses.items() if g.source != best}
        guesses["account_id"] = Guess(source=best, sure=False, why=why)
    elif guess is not None and share < _SOME:
        required = TABLES[match.table].column("account_id").required
        if required:
            why = f"only {share:.0%} of its values are known accounts"
            guesses["account_id"] = replace(guess, sure=False, why=why)
    return replace(match, guesses=guesses)


def find_lookup(
    match: Match, datasets: Sequence[Dataset], matches: Sequence[Match]
) -> LookupGuess | None:
    """Find a file with one row a key that this data set has, and with the account.

    Parameters
    ----------
    match : Match
        Of a table whose account is missing.
    datasets : sequence of Dataset
        Where to look.
    matches : sequence of Match
        Says which column of each holds the account, and the dates of a subscription.
    """
    best: tuple[float, LookupGuess] | None = None
    for other in matches:
        account = other.guesses.get("account_id")
        if other.dataset is match.dataset or account is None or not account.source:
            continue
        for key, facts in other.dataset.columns.items():
            if key == account.source or not facts.is_key or facts.kind == "date":
                continue
            for name, own in match.dataset.columns.items():
                score = _link(name, own, key, facts, whole=other.dataset.whole)
                if score and (best is None or score > best[0]):
                    best = (score, _lookup(other, key, name, account.source))
    return best[1] if best and any(best[1].dataset is item for item in datasets) else None


def _link(name: str, own: Profile, key: str, facts: Profile, *, whole: bool) -> float:
    if own.kind not in ("text", "number"):
        return 0.0
    share = overlap(own.values, facts.values)
    same = normalise(name) == normalise(key)
    if same and (share >= _MOST or not whole):
        return 2.0 + share
    looks_like_id = normalise(name).endswith(("id", "no", "key", "number"))
    return share if share >= _MOST and looks_like_id and own.n_distinct > 2 else 0.0


def _lookup(other: Match, key: str, match: str, account: str) -> LookupGuess:
    start, end = other.guesses.get("started_on"), other.guesses.get("ended_on")
    name = normalise(other.dataset.name) or "lookup"
    singular = name[:-1] if name.endswith("s") else name
    return LookupGuess(
        name=singular,
        dataset=other.dataset,
        key=key,
        match=match,
        account=account,
        valid_from=start.source if start and other.table == "subscriptions" else "",
        valid_to=end.source if end and other.table == "subscriptions" else "",
    )
