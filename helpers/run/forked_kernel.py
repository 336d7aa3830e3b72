"""A kernel that is a copy of its worker: no imports to wait for, and as fresh as a new process.

A worker forks its kernel before it does anything else, while it has one thread and nothing of a
notebook in memory. The copy waits at a pipe for the connection file that Jupyter writes, and only
then becomes the kernel. When the worker dies the system ends the kernel with it.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, cast

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

__all__ = ["ForkedKernel", "manager_of"]

_PR_SET_PDEATHSIG = 1


class ForkedKernel:
    """A child process that waits to become a kernel; looks like a ``subprocess.Popen``.

    Attributes
    ----------
    pid : int
        Of the child.
    returncode : int or None
        As ``subprocess`` has it: negative for the signal that ended it, None while it runs.
    """

    stdin = stdout = stderr = None

    def __init__(self, unused_fd: int) -> None:
        """Fork; the kernel must not hold ``unused_fd``, the worker's line to its parent."""
        worker = os.getpid()
        reading, self._order = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._order)
            os.close(unused_fd)
            _be_kernel(reading, worker)
        os.close(reading)

    def become(self, connection_file: str, environment: dict[str, str], cwd: str) -> None:
        """Tell the child which kernel it is."""
        order = {"file": connection_file, "env": environment, "cwd": cwd}
        with os.fdopen(self._order, "w", encoding="utf-8") as pipe:
            json.dump(order, pipe)

    def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs."""
        return self._ended(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int | None:  # noqa: ARG002 - as Popen has it
        """Wait for the end and return the exit code."""
        return self._ended(0)

    def _ended(self, option: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, option)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)


def _be_kernel(reading: int, worker: int) -> None:
    """Wait for the order, be the kernel until it is shut down, and end."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != worker:  # it died before the line above
            return
        os.setsid()
        with os.fdopen(reading, encoding="utf-8") as pipe:
            text = pipe.read()
        if text:
            _run_kernel(json.loads(text))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run_kernel(order: dict[str, Any]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.argv = ["ipykernel_launcher", "-f", order["file"]]
    IPKernelApp.launch_instance(argv=sys.argv[1:])


def manager_of(kernel: ForkedKernel) -> type[AsyncKernelManager]:
    """Return a kernel manager whose first kernel is ``kernel``; a restart starts an ordinary one.

    For ``kernel_manager_class`` of nbclient.
    """

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
            if kernel.poll() is not None or self.process is not None:
                return await super().launch_kernel(cmd, **kwargs)
            environment = kwargs["env"]
            connection_file = cmd[cmd.index("-f") + 1]
            self.cwd = kwargs.get("cwd") or Path.cwd()
            kernel.become(connection_file, environment, str(self.cwd))
            self.process = cast("subprocess.Popen[bytes]", kernel)
            self.pid = self.pgid = kernel.pid
            return self.connection_info

    class Manager(AsyncKernelManager):
        async def _async_pre_start_kernel(self, **kw: Any) -> Any:
            if self.provisioner is None:
                self.kernel_id = self.kernel_id or str(uuid.uuid4())
                self.provisioner = Provisioner(
                    kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
                )
            return await super()._async_pre_start_kernel(**kw)

    return Manager
