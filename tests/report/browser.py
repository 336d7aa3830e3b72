"""A headless browser for tests, and a trap that notices whatever a page asks for."""

import http.server
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

__all__ = ["BROWSER", "Trap", "needs_browser", "open_page", "title_of"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: apt-get install chromium"
)


class Trap:
    """A local web server that remembers every request."""

    def __init__(self):
        self.asked = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def do_POST(self):
                self.do_GET()

            def log_message(self, *_):
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def open_page(path, trap, profile):
    """Open a page, let it run for three seconds of its own time, return the document.

    Every name resolves to the trap, so that an address anywhere else is noticed as well.
    """
    port = trap.url.rsplit(":", 1)[1].rstrip("/")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update"]
    command += ["--disable-sync", "--disable-default-apps", "--disable-extensions"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=3000"]
    command += [f"--host-resolver-rules=MAP example.org 127.0.0.1:{port}"]
    command += ["--timeout=20000", "--dump-dom", Path(path).as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def title_of(document):
    return re.search(r"<title>(.*?)</title>", document, flags=re.DOTALL)[1]
