"""`playbook alerts`: what was to be sent to Slack or Teams, and did not arrive for sure."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from helpers.delivery.outbox import Decision

__all__ = ["ConfigOption", "ReportsOption", "RootOption", "alerts", "reports_folder"]

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="YAML of the company, e.g. config/demo.yaml.")
]
RootOption = Annotated[
    Path | None, typer.Option(help="Project folder; default: found from the working directory.")
]
ReportsOption = Annotated[
    Path | None, typer.Option(help="Folder to publish to; default: reports/ of the project.")
]


class Outcome(StrEnum):
    """What a person says of a message."""

    arrived = "arrived"
    send = "send"
    drop = "drop"


alerts = typer.Typer(help="What was to be sent, and did not arrive for sure.", no_args_is_help=True)


@alerts.command("list")
def list_alerts(
    every: Annotated[bool, typer.Option("--all", help="Also what was sent or dropped.")] = False,
    root: RootOption = None,
    reports: ReportsOption = None,
) -> None:
    """List the messages that are pending, refused, or may or may not have arrived."""
    from helpers.delivery import Outbox

    table = Outbox(reports_folder(root, reports)).table(every=every)
    if table.empty:
        typer.echo("no messages" if every else "no open messages")
    for row in table.to_dict(orient="records"):
        typer.echo(f"{row['id']}  {row['channel']:<16} {row['state']:<8} {row['title']}")
        if row["why"]:
            typer.echo(f"    {row['why']}")


@alerts.command("send")
def send_alerts(
    config: ConfigOption, root: RootOption = None, reports: ReportsOption = None
) -> None:
    """Send what is pending, without a new run."""
    from helpers.config import load_config
    from helpers.delivery import send_waiting
    from helpers.run.lock import hold_outbox

    folder = reports_folder(root, reports)
    settings = load_config(config).delivery
    with hold_outbox(folder):
        send_waiting(folder, settings, say=typer.echo)


@alerts.command("resolve")
def resolve_alert(
    message: Annotated[str, typer.Argument(metavar="ID", help="As `playbook alerts list` says.")],
    outcome: Annotated[
        Outcome, typer.Option("--as", help="It arrived; send it (again); or never send it.")
    ],
    root: RootOption = None,
    reports: ReportsOption = None,
) -> None:
    """Say what became of a message, after you looked into the channel."""
    from helpers.delivery import Outbox
    from helpers.run.lock import hold_outbox

    states: dict[Outcome, Decision] = {
        Outcome.arrived: "sent",
        Outcome.send: "pending",
        Outcome.drop: "dropped",
    }
    state = states[outcome]
    folder = reports_folder(root, reports)
    with hold_outbox(folder):
        n = Outbox(folder).resolve(message, state)
    typer.echo(f"{message}: {n} {'channel' if n == 1 else 'channels'} now {state}")


def reports_folder(root: Path | None, reports: Path | None) -> Path:
    """Return where runs are published."""
    from helpers.run.layout import find_root

    return reports or (root.resolve() if root else find_root()) / "reports"
