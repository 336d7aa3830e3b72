"""The `playbook` command: a thin wrapper that turns our errors into exit codes and plain words."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from helpers.cli_alerts import ConfigOption, ReportsOption, RootOption, alerts, reports_folder
from helpers.errors import ConfigError, PlaybookError

__all__ = ["app", "main"]

app = typer.Typer(
    name="playbook",
    help="Customer-success analytics: from raw customer data to reports, alerts and next actions.",
    epilog=(
        "Exit codes: 0 published · 1 a notebook failed, or a bug · 2 configuration or parameter · "
        "3 an input breaks its contract · 4 the audit gate refused · 5 disk, lock, memory, time · "
        "6 published, a delivery is pending."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(alerts, name="alerts")

DataOption = Annotated[
    Path | None,
    typer.Option(help="Folder where the configuration's relative paths start."),
]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to write; truth/ is put beside the data.")],
    accounts: Annotated[int, typer.Option(help="How many customer accounts.")] = 600,
    months: Annotated[int, typer.Option(help="Months of history.")] = 15,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 20260701,
) -> None:
    """Write the made-up company and its planted truth."""
    from helpers.sources.demo import write_company

    line = _Line()
    summary = write_company(
        out, accounts=accounts, months=months, seed=seed, progress=lambda text: line.show(str(text))
    )
    line.end()
    typer.echo(str(summary))


@app.command()
def init(
    data: Annotated[Path, typer.Option(help="Folder with your own tables.")],
    out: Annotated[Path, typer.Option(help="Configuration to write.")],
) -> None:
    """Propose a configuration for your own tables; unsure guesses are marked with `# ?`."""
    from helpers.sources import propose

    if out.exists():
        raise ConfigError(f"{out} is already there; choose another name or delete it first.")
    text = propose(data)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    unsure = sum("# ?" in line for line in text.splitlines())
    typer.echo(
        f"wrote {out}: {unsure} lines are marked `# ?`. Look at them, then run\n"
        f"  playbook check --config {out} --data {data}"
    )


@app.command()
def check(
    config: ConfigOption,
    data: DataOption = None,
    as_of: Annotated[str | None, typer.Option(help="Cutoff date, e.g. 2026-07-01.")] = None,
) -> None:
    """Read and audit the data only; print what is wrong and how to mend it."""
    from helpers.audit import check_company

    line = _Line()
    text = check_company(config, data, as_of, progress=line.show)
    line.end()
    typer.echo(text)


@app.command()
def run(
    config: ConfigOption,
    data: DataOption = None,
    as_of: Annotated[
        str | None, typer.Option(help="Cutoff date; default: the day after the last full day.")
    ] = None,
    run_id: Annotated[str | None, typer.Option(help="Name; default: the as-of date.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Notebook number, repeatable; what it reads is included."),
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", help="NAME=VALUE of a notebook parameter.")
    ] = None,
    fresh: Annotated[bool, typer.Option(help="Redo notebooks that have not changed.")] = False,
    cell_timeout: Annotated[int, typer.Option(min=1, help="Seconds a cell may take.")] = 1800,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Notebooks at a time.")] = 2,
    root: RootOption = None,
    reports: ReportsOption = None,
) -> None:
    """Execute the notebooks in order and publish reports/RUN_ID/."""
    from helpers.config.parameters import parse_option
    from helpers.run import RunOptions, run_company
    from helpers.run.layout import Layout, find_root

    if run_id is not None:
        Layout(Path(), run_id)  # refuses a name that could lead elsewhere, before data are read
    line = _Line()
    options = RunOptions(
        root=root.resolve() if root else find_root(),
        config=config,
        data=data,
        as_of=as_of,
        run_id=run_id,
        only=tuple(only or ()),
        parameters=dict(parse_option(text) for text in parameter or ()),
        reports=reports,
        fresh=fresh,
        cell_timeout_s=cell_timeout,
        n_workers=workers,
        say=line.say,
        on_progress=lambda progress: line.show(str(progress)),
    )
    index = run_company(options)
    line.end()
    typer.echo(str(index))


@app.command()
def validate(
    run: Annotated[str, typer.Argument(help="Run id, or the folder of a published run.")],
    data: DataOption = None,
    root: RootOption = None,
    reports: ReportsOption = None,
) -> None:
    """Re-execute a published run under nbval and compare its outputs."""
    from helpers.run import validate_run
    from helpers.run.layout import find_root

    project = root.resolve() if root else find_root()
    n_cells = validate_run(project, run, reports=reports, data=data, say=typer.echo)
    typer.echo(f"{run}: {n_cells} cells give the published outputs again")


@app.command()
def status(root: RootOption = None, reports: ReportsOption = None) -> None:
    """List runs: as of, state, duration, finding."""
    from helpers.run import list_runs

    runs = list_runs(reports_folder(root, reports))
    if runs.empty:
        typer.echo("no runs yet: `make report` makes the first one.")
        return
    for row in runs.fillna({"seconds": -1}).to_dict(orient="records"):
        seconds = f"{row['seconds']:.0f} s" if row["seconds"] >= 0 else ""
        as_of = row["as_of"] or "?"
        typer.echo(f"{row['run_id']:<16} {row['state']:<12} as of {as_of:<12} {seconds:>6}")
        if row["finding"]:
            typer.echo(f"    {row['finding']}")


@app.command()
def brief(
    account: Annotated[str, typer.Argument(help="Account id, or its name if only one has it.")],
    run: Annotated[
        str | None, typer.Option(help="Run id, or its folder; default: the newest as-of date.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; default: reports/.briefs/RUN.")
    ] = None,
    pdf: Annotated[
        bool, typer.Option(help="Print it too, with a browser of this machine.")
    ] = False,
    root: RootOption = None,
    reports: ReportsOption = None,
) -> None:
    """Write one page about an account: facts, look-alikes, what to watch, three actions."""
    from helpers.artifacts import Run
    from helpers.brief import find_subject, print_pdf, write_brief
    from helpers.run.status import find_run

    folder = find_run(reports_folder(root, reports), run)
    subject = find_subject(Run(folder, folder.name, folder), account)
    page = write_brief(subject, out or folder.parent / ".briefs" / folder.name)
    typer.echo(str(page))
    if pdf:
        typer.echo(str(print_pdf(page)))


class _Line:
    """Progress on a terminal is one line that changes; elsewhere it is a line a notebook."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.width = 0
        self.last = ""
        self.shown_at = 0.0

    def show(self, text: str) -> None:
        if self.live:
            if time.monotonic() - self.shown_at < 0.1:
                return
            self.shown_at = time.monotonic()
            sys.stderr.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            head = " · ".join(text.split(" · ")[:2])
            if head != self.last:
                sys.stderr.write(text + "\n")
            self.last = head
        sys.stderr.flush()

    def say(self, text: str) -> None:
        self.end()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self.live and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            self.width = 0


def main() -> None:
    """Run the command; a :class:`PlaybookError` becomes its message and its exit code."""
    try:
        app()
    except PlaybookError as error:
        sys.stderr.write(f"playbook: {error}\n")
        raise SystemExit(error.exit_code) from None
    except MemoryError:
        sys.stderr.write("playbook: out of memory; give fewer accounts or a shorter history.\n")
        raise SystemExit(5) from None
    except KeyboardInterrupt:
        sys.stderr.write("playbook: interrupted\n")
        raise SystemExit(5) from None
