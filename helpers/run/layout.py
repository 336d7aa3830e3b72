"""Where a run's files lie, before and after publication."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import MachineError, ParameterError

__all__ = ["Layout", "find_root", "remove_tree"]

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Layout:
    """Folders of one run id below ``reports/``."""

    reports: Path
    run_id: str

    def __post_init__(self) -> None:
        if not _RUN_ID.fullmatch(self.run_id):
            raise ParameterError(
                f"run id {self.run_id!r}: expected letters, digits, '.', '_' or '-', beginning "
                "with a letter or digit, at most 64."
            )

    @property
    def published(self) -> Path:
        """What people read."""
        return self.reports / self.run_id

    @property
    def staging(self) -> Path:
        """A run in progress; survives a crash."""
        return self.reports / ".staging" / self.run_id

    @property
    def scratch(self) -> Path:
        """Tables of notebooks opened by hand."""
        return self.reports / ".scratch" / self.run_id

    @property
    def failed(self) -> Path:
        """Executed copies of notebooks that failed, with their tracebacks."""
        return self.reports / ".failed" / self.run_id

    @property
    def lock(self) -> Path:
        """The file that a running process holds a lock on."""
        return self.reports / ".locks" / f"{self.run_id}.lock"

    @property
    def state(self) -> Path:
        """Facts of this machine about the run (where its data lie); never published."""
        return self.reports / ".state" / f"{self.run_id}.json"

    def prepare(self) -> None:
        """Make the folders and see that they can be written to.

        Raises
        ------
        MachineError
            Before anything is computed, if they cannot.
        """
        try:
            for folder in (self.staging, self.lock.parent, self.state.parent):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.staging / ".probe"
            probe.write_text("probe", encoding="utf-8")
            probe.unlink()
        except OSError as error:
            raise MachineError(
                f"cannot write to {self.reports}: {error.strerror}. Choose another folder with "
                "--reports, or mend its permissions."
            ) from None
        if self.published.is_symlink():
            raise MachineError(f"{self.published} is a symbolic link; choose another --run-id.")


def find_root(start: Path | None = None) -> Path:
    """Return the project root: the folder that holds ``notebooks/`` and ``helpers/``.

    Looks in ``start`` (default: the working directory) and its parents, then beside the
    installed package.

    Raises
    ------
    MachineError
        If there is none.
    """
    here = (start or Path.cwd()).resolve()
    package_parent = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, package_parent):
        if (folder / "notebooks" / "01_data_audit.ipynb").is_file():
            return folder
    raise MachineError(
        f"no project found at {here}: expected a folder with notebooks/01_data_audit.ipynb. "
        "Start the command inside the project, or give --root."
    )


def remove_tree(folder: Path) -> None:
    """Delete a folder if it is there; a symbolic link is removed, never followed."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.is_dir():
        shutil.rmtree(folder)
