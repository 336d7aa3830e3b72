"""Tables that nobody handed in but that others imply: accounts from events, invoices from lines."""

from dataclasses import dataclass

from helpers.sources.proposal.inventory import Dataset
from helpers.sources.proposal.match import Guess, Match, match_table, quoted
from helpers.sources.proposal.names import synonyms, tokens
from helpers.sources.proposal.profile import Profile

__all__ = [
    "OrderLines",
    "derived_accounts",
    "derived_invoices",
    "derived_outcomes",
    "first_time",
    "order_lines",
]

_TRUE = ("1", "true", "t", "yes", "y")
_LEAVING = {"churn", "churned", "cancel", "cancelled", "canceled", "cancellation", "left",
            "closed", "end", "ended", "expired", "terminated", "last", "paid"}  # fmt: skip
_FORMATS = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "unclear": "%d/%m/%Y"}


@dataclass(frozen=True)
class OrderLines:
    """Columns of a file whose rows are lines of orders or invoices."""

    order: str
    quantity: str
    price: str

    @property
    def amount(self) -> str:
        """Return the SQL of a line's amount."""
        quantity, price = quoted(self.quantity), quoted(self.price)
        return f"TRY_CAST({quantity} AS DOUBLE) * TRY_CAST({price} AS DOUBLE)"

    @property
    def event(self) -> str:
        """Return the SQL of what a line is: bought, or returned."""
        quantity = f"TRY_CAST({quoted(self.quantity)} AS DOUBLE)"
        return f"CASE WHEN {quantity} < 0 THEN 'returned' ELSE 'bought' END"


def order_lines(dataset: Dataset) -> OrderLines | None:
    """Recognise lines of orders: an order number that repeats, a quantity and a price."""
    found = {}
    for part, words in (("quantity", {"quantity", "qty"}), ("price", {"price"})):
        names = [n for n, p in dataset.columns.items() if p.kind == "number" and tokens(n) & words]
        if not names:
            return None
        found[part] = names[0]
    known = {*synonyms("invoices", "invoice_id")[:4], "order_id", "order", "order_no"}
    for name, facts in dataset.columns.items():
        words = tokens(name)
        is_order = bool(words & {"invoice", "order"}) and facts.kind != "date"
        if is_order and not facts.is_key and (words <= {"invoice", "order", "id", "no", "number"}
                                              or name in known):  # fmt: skip
            return OrderLines(name, found["quantity"], found["price"])
    return None


def first_time(facts: Profile) -> tuple[str, str]:
    """Return the SQL of the earliest value of a date column, and a format if it needs one."""
    column = quoted(facts.name)
    if facts.native or facts.style == "iso":
        return f"MIN({column})", ""
    if facts.style.startswith("epoch"):
        return f"MIN(TRY_CAST({column} AS BIGINT))", facts.style
    if facts.style.startswith("%"):
        return f"MIN({column})", facts.style
    sign = next(mark for mark in facts.first if mark in "./-")
    pattern = _FORMATS[facts.style].replace("/", sign)
    clock = facts.first.count(":")
    pattern += (" %H:%M:%S" if clock == 2 else " %H:%M") if clock else ""
    return f"MIN(strptime({column}, '{pattern}'))", ""


def derived_accounts(events: Match) -> Match:
    """Fold the events of each account into one row: first seen, and what is constant of it."""
    dataset, account = events.dataset, events.guesses["account_id"]
    when = dataset.columns[events.guesses["occurred_at"].source]
    sql, pattern = first_time(when)
    entry = {"sql": sql, **({"format": pattern} if pattern else {})}
    guesses = {
        "account_id": account,
        "signed_up_at": Guess(source="", entry=entry, sure=False,
                              why="the first time it was seen stands for the sign-up"),
    }  # fmt: skip
    likely = match_table("accounts", dataset).guesses
    for name in ("name", "industry", "region", "plan", "csm"):
        guess = likely.get(name)
        if guess is not None and guess.sure and guess.source not in (account.source, ""):
            why = "the alphabetically first value of the account"
            entry = {"sql": f"MIN({quoted(guess.source)})"}
            guesses[name] = Guess(source="", entry=entry, sure=False, why=why)
    settings: dict[str, str | list[str]] = {}
    facts = dataset.columns[account.source]
    if facts.n_filled < facts.n_rows:
        settings["where"] = f"{quoted(account.source)} IS NOT NULL"
    settings["group_by"] = [account.source]
    return Match(table="accounts", dataset=dataset, guesses=guesses, score=0.0, settings=settings)


def derived_invoices(events: Match, lines: OrderLines) -> Match:
    """Fold the lines of each order into an invoice."""
    dataset = events.dataset
    when = dataset.columns[events.guesses["occurred_at"].source]
    sql, pattern = first_time(when)
    entry = {"sql": sql, **({"format": pattern} if pattern else {})}
    amount = {"sql": f"SUM({lines.amount})", "minimum": -1_000_000_000}
    guesses = {
        "invoice_id": Guess(source=lines.order),
        "account_id": events.guesses["account_id"],
        "issued_on": Guess(source="", entry=entry),
        "amount": Guess(source="", entry=amount, sure=False,
                        why="quantity times price; credits allowed"),
    }  # fmt: skip
    keys = [lines.order, events.guesses["account_id"].source]
    return Match(table="invoices", dataset=dataset, guesses=guesses, score=0.0,
                 settings={"group_by": keys})  # fmt: skip


def derived_outcomes(accounts: Match) -> Match | None:
    """Take churn from the accounts, where a flag says who and another column may say when."""
    dataset, flag = accounts.dataset, accounts.guesses.get("claimed_churned")
    if flag is None or dataset.columns[flag.source].kind != "boolean":
        return None
    used = {guess.source for guess in accounts.guesses.values()}
    days = [name for name, facts in dataset.columns.items()
            if facts.kind == "date" and name not in used and tokens(name) & _LEAVING]  # fmt: skip
    yes = [value for value in sorted(dataset.columns[flag.source].values)
           if value.lower() in _TRUE]  # fmt: skip
    if not days or not yes:
        return None
    listed = ", ".join("'" + value.lower() + "'" for value in dict.fromkeys(yes))
    facts = dataset.columns[days[0]]
    style = {"format": facts.style} if facts.style.startswith(("epoch", "%")) else {}
    guesses = {
        "account_id": accounts.guesses["account_id"],
        "outcome": Guess(source="", entry={"constant": "churned"}),
        "occurred_at": Guess(source=days[0], entry=style, sure=False,
                             why=f"the day that those left whom {flag.source} marks?"),
    }  # fmt: skip
    where = f"lower(CAST({quoted(flag.source)} AS VARCHAR)) IN ({listed})"
    return Match(table="outcomes", dataset=dataset, guesses=guesses, score=0.0,
                 settings={"where": where})  # fmt: skip
