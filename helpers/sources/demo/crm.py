"""Tables of the CRM and of billing: accounts, subscriptions, invoices, outcomes."""

from typing import Any

import numpy as np

from helpers.sources.demo.clock import dates, iso_utc
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk
from helpers.sources.demo.population import INDUSTRIES, PLANS
from helpers.sources.demo.season import REGIONS
from helpers.sources.demo.settings import generator
from helpers.sources.demo.terms import Book, terms_on

__all__ = ["accounts_table", "csm_name", "invoices_table", "key", "outcomes_table", "terms_table"]

Table = dict[str, list[Any]]

STORAGE_GB = (20, 100, 500)
API_CALLS = (5_000, 20_000, 100_000)
_PLAN_CODES = ("S", "P", "E")
_METHODS = ("sepa", "card", "wire")
_CSM = (
    "Amira Haddad",
    "Ben Okafor",
    "Clara Lindqvist",
    "Daan Visser",
    "Elif Kaya",
    "Finn Murphy",
    "Greta Sommer",
    "Hugo Martin",
    "Ines Carvalho",
    "Jonas Weber",
)


def csm_name(number: int) -> str:
    """Name of a customer-success manager; numbered beyond the tenth."""
    name = _CSM[number % len(_CSM)]
    return name if number < len(_CSM) else f"{name} {number // len(_CSM) + 1}"


def key(number: int) -> str:
    """Account id as the CRM writes it."""
    return f"BD-{number}"


def accounts_table(life: Life, chunk: Chunk, books: list[Book]) -> Table:
    """One row an account, as of the extract."""
    pop, scale, cut = life.population, life.scale, range(chunk.first, chunk.last)
    now = [terms_on(book, scale.n_days) for book in books]
    gone = life.churn_day[chunk.first : chunk.last] < scale.n_days
    signup = life.signup_day[chunk.first : chunk.last]
    hours = 8 * 3600 + (life.ids[chunk.first : chunk.last] * 7919) % (9 * 3600)
    renewal = _renewals(life, chunk)
    return {
        "customer_id": [key(int(life.ids[n])) for n in cut],
        "company_name": [pop.names[n] for n in cut],
        "created_at": iso_utc(signup * 86_400 + hours, scale),
        "industry": [INDUSTRIES[pop.industry[n]] for n in cut],
        "region": [REGIONS[pop.region[n]] for n in cut],
        "headcount": pop.employees[chunk.first : chunk.last].tolist(),
        "plan_tier": [_PLAN_CODES[terms.plan] for terms in now],
        "csm_owner": [csm_name(int(pop.csm[n])) for n in cut],
        "arr": [
            f"{0.0 if left else 12 * terms.mrr:.2f}" for terms, left in zip(now, gone, strict=True)
        ],
        "next_renewal": renewal,
        "seats_purchased": [terms.seats for terms in now],
        "storage_quota_gb": [STORAGE_GB[terms.plan] for terms in now],
        "api_quota": [API_CALLS[terms.plan] for terms in now],
        "do_not_profile": ["yes" if pop.opted_out[n] else "no" for n in cut],
        "status": ["cancelled" if left else "active" for left in gone],
    }


def _renewals(life: Life, chunk: Chunk) -> list[str]:
    """Next invoice of annual plans and of monthly ones; empty where the account has left."""
    day = life.next_invoice[chunk.first : chunk.last]
    gone = life.churn_day[chunk.first : chunk.last] < life.scale.n_days
    texts = dates(np.where(gone, 0, day), life.scale)
    return ["" if left else text for text, left in zip(texts, gone, strict=True)]


def terms_table(life: Life, books: list[Book]) -> Table:
    """Subscriptions: one row for each stretch of equal terms, trials included."""
    rows = [terms for book in books for terms in book.terms if terms.start < life.scale.n_days]
    ends = [terms.end for terms in rows]
    shown = dates(np.array([end if end is not None else 0 for end in ends], np.int64), life.scale)
    ids = [int(life.ids[terms.account]) for terms in rows]
    return {
        "contract_no": [
            f"C{number}-{terms.start + 10_000}" for number, terms in zip(ids, rows, strict=True)
        ],
        "customer_id": [key(number) for number in ids],
        "valid_from": dates(np.array([terms.start for terms in rows], np.int64), life.scale),
        "valid_to": ["" if end is None else text for end, text in zip(ends, shown, strict=True)],
        "plan": [PLANS[terms.plan] for terms in rows],
        "seats": [terms.seats for terms in rows],
        "mrr": [f"{terms.mrr:.2f}" for terms in rows],
        "discount_pct": [round(100 * terms.discount) for terms in rows],
        "trial": ["true" if terms.trial else "false" for terms in rows],
        "billing_period": ["annual" if terms.annual else "monthly" for terms in rows],
    }


def invoices_table(life: Life, chunk: Chunk, books: list[Book]) -> Table:
    """Invoices as the accounting system exports them: day first, decimal comma."""
    rng = generator(life.scale.seed, "commerce", 1_000_000 + chunk.number)
    rows = chunk.rows(life.logs["invoices"])
    account, day = rows["account"].astype(int), rows["day"].astype(int)
    annual, late = rows["annual"].astype(bool), rows["days_late"].astype(int)
    early = rng.integers(0, 12, len(rows))
    paid = np.where(late > 0, day + 14 + late, day + 14 - early)
    amount = np.array(
        [terms_on(books[a], int(d)).mrr for a, d in zip(account, day, strict=True)], float
    ) * np.where(annual, 12, 1)
    real = amount > 0
    account, day, paid, amount = account[real], day[real], paid[real], amount[real]
    open_still = paid >= life.scale.n_days
    paid_text = dates(np.where(open_still, 0, paid), life.scale, "dmy")
    ids = life.ids[chunk.first + account]
    return {
        "invoice_no": [f"R{a}-{d + 10_000}" for a, d in zip(ids, day, strict=True)],
        "customer_id": [key(int(a)) for a in ids],
        "issued": dates(day, life.scale, "dmy"),
        "due": dates(day + 14, life.scale, "dmy"),
        "paid": ["" if late else text for text, late in zip(paid_text, open_still, strict=True)],
        "amount_eur": [german(value) for value in amount.tolist()],
        "method": [
            "" if late else _METHODS[int(a) % 3] for a, late in zip(ids, open_still, strict=True)
        ],
    }


def german(value: float) -> str:
    """Write 1234.5 as ``1.234,50``."""
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def outcomes_table(life: Life, books: list[Book]) -> Table:
    """Tell what became of accounts, dated in the morning of the day."""
    rows = [outcome for book in books for outcome in book.outcomes]
    rows = [outcome for outcome in rows if outcome.day < life.scale.n_days]
    second = np.array([o.day * 86_400 + 30_600 + (o.account * 977) % 7200 for o in rows], np.int64)
    return {
        "customer_id": [key(int(life.ids[outcome.account])) for outcome in rows],
        "what": [outcome.kind for outcome in rows],
        "when": iso_utc(second, life.scale),
        "mrr_change": [f"{outcome.mrr_change:.2f}" for outcome in rows],
        "reason": [outcome.reason for outcome in rows],
    }
