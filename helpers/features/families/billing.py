"""What an account pays for, what it has paid, and how promptly."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from collections.abc import Mapping

from helpers.features.feature import Feature, exact_sum, ratio, within
from helpers.features.population import Context
from helpers.features.relations import Relation
from helpers.features.visible import visible

__all__ = ["FEATURES", "RELATIONS"]


def _term(_context: Context) -> str:
    """Contract terms begun before the cutoff; ``place`` 1 is in force, or else the last one."""
    return f"""
        WITH allowed AS ({_plan_limits()})
        SELECT v.*, a.plan_storage, a.plan_api,
               CASE WHEN ended_age IS NULL THEN 1 ELSE 0 END AS in_force,
               ROW_NUMBER() OVER (
                   PARTITION BY v.account_no, v.cutoff
                   ORDER BY CASE WHEN ended_age IS NULL THEN 0 ELSE 1 END, started_age,
                            COALESCE(mrr, 0) DESC, v.plan NULLS LAST
               ) AS place,
               CASE WHEN v.plan <> LAG(v.plan) OVER (
                   PARTITION BY v.account_no, v.cutoff
                   ORDER BY started_age DESC, mrr NULLS LAST, v.plan NULLS LAST
               ) THEN 1 ELSE 0 END AS plan_changed
        FROM ({visible("subscriptions")}) AS v LEFT JOIN allowed a ON a.plan = v.plan
        """


def _plan_limits() -> str:
    """Query for the limits that belong to a plan: the same for every account now on it."""

    def shared(column: str) -> str:
        return f"CASE WHEN MIN({column}) = MAX({column}) THEN MIN({column}) END"

    return f"""
        SELECT plan, {shared("storage_gb_limit")} AS plan_storage,
               {shared("api_calls_limit")} AS plan_api
        FROM accounts WHERE plan IS NOT NULL GROUP BY plan
        """


def _invoice(_context: Context) -> str:
    """Invoices issued before the cutoff; late if due by then and not paid by the due date."""
    late = "due_age > 0 AND COALESCE(paid_age, -1) < due_age"
    return f"""
        SELECT v.*, CASE WHEN {late} THEN 1 ELSE 0 END AS is_late,
               CASE WHEN due_age > 0 AND paid_age IS NULL THEN 1 ELSE 0 END AS is_overdue,
               CASE WHEN due_age > 0 THEN 1 ELSE 0 END AS is_due,
               CASE WHEN {late} THEN due_age - COALESCE(paid_age, 0) ELSE 0 END AS days_late,
               ROW_NUMBER() OVER (
                   PARTITION BY account_no, cutoff ORDER BY age_days, invoice_id DESC
               ) AS place,
               ROW_NUMBER() OVER (
                   PARTITION BY account_no, cutoff
                   ORDER BY CASE WHEN paid_age IS NULL THEN 1 ELSE 0 END, paid_age,
                            invoice_id DESC
               ) AS paid_place
        FROM ({visible("invoices")}) AS v
        """


RELATIONS: Mapping[str, Relation] = {"term": _term, "invoice": _invoice}

_EXTRACT = "without subscriptions: the accounts table's, for the run's own as-of date only"

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="mrr",
        meaning="monthly recurring revenue of the terms in force at the as-of date",
        unit="currency per month",
        over="joined",
        sql="COALESCE(mrr_in_force, CASE WHEN is_newest THEN account_mrr END)",
        needs=("subscriptions.mrr|accounts.mrr",),
        note=_EXTRACT,
        seed="F-15",
    ),
    Feature(
        name="mrr_in_force",
        meaning="monthly recurring revenue of the terms in force",
        unit="currency per month",
        over="term",
        sql=f"COALESCE({exact_sum('mrr', 'in_force = 1')}, 0)",
        needs=("subscriptions.mrr",),
        fill="0",
        hidden=True,
    ),
    Feature(
        name="is_trial",
        meaning="1 if every term in force is an unpaid trial",
        unit="0 or 1",
        over="term",
        sql="COALESCE(MIN(CASE WHEN in_force = 1 THEN CASE WHEN is_trial THEN 1 ELSE 0 END END), "
        "0)",
        needs=("subscriptions.is_trial",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="discount",
        meaning="largest discount of the terms in force, as a share of the list price",
        unit="share",
        over="term",
        sql="MAX(CASE WHEN in_force = 1 THEN discount END)",
        needs=("subscriptions.discount",),
        seed="F-15",
    ),
    Feature(
        name="tenure_days",
        meaning="days since the first contract term began",
        unit="days",
        over="term",
        sql="MAX(started_age)",
        needs=("subscriptions",),
        seed="F-15",
    ),
    Feature(
        name="products__n",
        meaning="contract terms in force at the same time (product mix)",
        unit="terms",
        over="term",
        sql="SUM(in_force)",
        needs=("subscriptions",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="plan_changes__n_365d",
        meaning="terms begun in the last 365 days with another plan than the one before",
        unit="changes",
        over="term",
        sql="SUM(CASE WHEN started_age <= 365 THEN plan_changed ELSE 0 END)",
        window=365,
        needs=("subscriptions.plan",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="invoices__n_365d",
        meaning="invoices issued in the last 365 days",
        unit="invoices",
        over="invoice",
        sql=within("1", 365),
        window=365,
        needs=("invoices",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="invoice_amount__sum_365d",
        meaning="amount invoiced in the last 365 days",
        unit="currency",
        over="invoice",
        sql=f"COALESCE({exact_sum('amount', 'age_days <= 365')}, 0)",
        window=365,
        needs=("invoices",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="invoice_amount__mean_365d",
        meaning="mean amount of an invoice, last 365 days",
        unit="currency",
        over="invoice",
        sql=f"{exact_sum('amount', 'age_days <= 365')} / NULLIF({within('1', 365)}, 0)",
        window=365,
        needs=("invoices",),
        seed="F-15",
    ),
    Feature(
        name="lifetime_value",
        meaning="amount invoiced so far",
        unit="currency",
        over="invoice",
        sql=f"COALESCE({exact_sum('amount')}, 0)",
        needs=("invoices",),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="days_since_last_invoice",
        meaning="days since an invoice was last issued",
        unit="days",
        over="invoice",
        sql="MIN(age_days)",
        needs=("invoices",),
        seed="F-15",
    ),
    Feature(
        name="late_invoices__share_365d",
        meaning="of the invoices of the last 365 days that fell due: share not paid by then",
        unit="share",
        over="invoice",
        sql=ratio(within("is_late", 365), within("is_due", 365)),
        window=365,
        needs=("invoices.due_on", "invoices.paid_on"),
        seed="F-15",
    ),
    Feature(
        name="days_late__mean_365d",
        meaning="mean days between due date and payment (or the as-of date), 0 if in time",
        unit="days",
        over="invoice",
        sql=ratio(within("days_late", 365), within("is_due", 365)),
        window=365,
        needs=("invoices.due_on", "invoices.paid_on"),
        seed="F-15",
    ),
    Feature(
        name="overdue__n",
        meaning="invoices past their due date and unpaid at the as-of date",
        unit="invoices",
        over="invoice",
        sql="SUM(is_overdue)",
        needs=("invoices.due_on", "invoices.paid_on"),
        fill="0",
        seed="F-15",
    ),
    Feature(
        name="is_annual",
        meaning="1 if the last invoice covers half a year or more of the present revenue",
        unit="0 or 1",
        over="joined",
        sql="CASE WHEN mrr_in_force > 0 AND last_amount IS NOT NULL THEN "
        "CASE WHEN last_amount >= 6 * mrr_in_force THEN 1 ELSE 0 END END",
        needs=("invoices", "subscriptions.mrr"),
        seed="F-15",
    ),
    Feature(
        name="last_amount",
        meaning="amount of the last invoice",
        unit="currency",
        over="invoice",
        sql="MAX(CASE WHEN place = 1 THEN amount END)",
        needs=("invoices",),
        hidden=True,
    ),
    Feature(
        name="payment_method",
        meaning="how the last paid invoice was paid",
        unit="text",
        over="invoice",
        sql="MAX(CASE WHEN paid_place = 1 THEN method END)",
        needs=("invoices.method",),
        kind="text",
        behavioural=False,
        seed="F-15",
    ),
    Feature(
        name="days_to_renewal",
        meaning="days from the as-of date to the renewal date in the accounts table",
        unit="days",
        over="joined",
        sql="CASE WHEN is_newest THEN renewal_day - cutoff END",
        needs=("accounts.renewal_on",),
        behavioural=False,
        note="the extract knows the next renewal only: for the run's own as-of date",
        seed="F-15",
    ),
)
