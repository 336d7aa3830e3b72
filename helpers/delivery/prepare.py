"""The files of a run that leave: the CRM table, the sheet for verdicts, and the messages."""

from pathlib import Path

from helpers.artifacts import Run
from helpers.config import CompanyConfig
from helpers.config.delivery import Crm
from helpers.delivery.crm import export_crm
from helpers.delivery.feedback import export_feedback_sheet
from helpers.delivery.messages import messages_of
from helpers.delivery.payloads import dumped, payload
from helpers.errors import GateError, MissingTableError

__all__ = ["prepare_deliveries"]

KINDS = ("slack", "teams")
WHY_NOT = "crm_accounts.refused.txt"
"""Written in place of the table where it is refused and nobody has said that a CRM takes it."""


def _export_crm(run: Run, settings: Crm, earlier: Run | None) -> None:
    try:
        export_crm(run, settings, before=earlier)
    except MissingTableError:
        if earlier is None:
            raise
        export_crm(run, settings)  # the earlier run lacks what would be compared


def prepare_deliveries(run: Run, config: CompanyConfig, *, before: Path | None = None) -> int:
    """Write ``crm_accounts.csv``, ``feedback.csv`` and ``messages/<kind>/<id>.json`` to exports.

    Parameters
    ----------
    run : Run
        Staged, with 01; without segments there is no CRM table, without actions no digest.
    config : CompanyConfig
        Its ``delivery``; without channels the payloads of both kinds are written, to look at.
    before : Path, optional
        The published run before this one.

    Returns
    -------
    int
        Messages.

    Raises
    ------
    GateError
        If the CRM table breaks its contract, and ``delivery.crm`` says that a CRM takes it. Else
        the report is published without the table, and a file says why.
    """
    settings = config.delivery
    earlier = None if before is None else Run(before, before.name, before)
    why = run.export(WHY_NOT)
    why.unlink(missing_ok=True)
    try:
        _export_crm(run, settings.crm, earlier)
    except GateError as refused:
        if settings.crm != Crm():  # somebody loads it: nothing of this run may pass for fine
            raise
        why.write_text(f"{refused}\n", encoding="utf-8")
    export_feedback_sheet(run, as_of=str(config.as_of))
    told = messages_of(
        run,
        as_of=str(config.as_of),
        company=config.company.name,
        limit=settings.max_messages,
    )
    kinds: set[str] = {channel.kind for channel in settings.channels.values()} or set(KINDS)
    for kind in KINDS:
        folder = run.export("messages") / kind
        if folder.is_dir():
            for old in folder.glob("*.json"):
                old.unlink()
        if kind in kinds and told:
            folder.mkdir(parents=True, exist_ok=True)
            for message in told:
                body = dumped(payload(kind, message, link=settings.link))
                (folder / f"{message.id}.json").write_text(body + "\n", encoding="utf-8")
    return len(told)
