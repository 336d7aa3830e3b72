"""A manager's way through a report, clicked in a browser: account, reason, playbook, draft."""

import contextlib
import json
import subprocess
import time
from pathlib import Path

import websocket

from helpers.report import write_index
from tests.report import fake_run
from tests.report.browser import BROWSER, needs_browser

SIZE = (1280, 800)


class Tab:
    """One page of a headless browser, driven through its debugging protocol."""

    def __init__(self, address):
        self._socket = websocket.create_connection(address, timeout=60, suppress_origin=True)
        self._number = 0
        self.call("Page.enable")

    def call(self, method, **given):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def ask(self, script):
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def open(self, path):
        self.call("Page.navigate", url=Path(path).as_uri())
        self.wait("document.readyState == 'complete' && location.protocol == 'file:'")

    def wait(self, script):
        deadline = time.monotonic() + 60
        while not self.ask(script):
            assert time.monotonic() < deadline, script
            time.sleep(0.05)

    def click(self, selector):
        """Press and release the mouse on the middle of an element, as a hand would."""
        place = self.ask(
            f"(() => {{const b = document.querySelector({json.dumps(selector)})"
            ".getClientRects()[0]; return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        assert 0 < place[1] < SIZE[1], f"{selector} is out of sight without scrolling"
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    def close(self):
        self._socket.close()


@contextlib.contextmanager
def browser_tab(profile):
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    command += [f"--window-size={SIZE[0]},{SIZE[1]}", "--remote-allow-origins=*"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            port = _port(Path(profile) / "DevToolsActivePort", process)
            tab = Tab(_page_address(port))
            yield tab
            tab.close()
        finally:
            process.terminate()


def _port(path, process):
    deadline = time.monotonic() + 60
    while not (path.is_file() and path.read_text().strip()):
        assert process.poll() is None, "the browser ended"
        assert time.monotonic() < deadline, "the browser opens no port"
        time.sleep(0.05)
    return int(path.read_text().split()[0])


def _page_address(port):
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=60) as answer:
        pages = json.load(answer)
    return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")


@needs_browser
def test_from_the_first_page_to_reason_playbook_and_draft(tmp_path):  # B-06, B-09, P-14
    run = fake_run.write(tmp_path / "reports" / "2026-07-01")
    actions = run.read("06_churn_model", "actions").assign(play="rescue", first_step="Call.")
    actions.to_parquet(run.path("06_churn_model", "actions"))
    write_index(run.stage)
    clicks = 0
    with browser_tab(tmp_path / "profile") as tab:
        tab.open(run.stage / "index.html")
        name = tab.ask("document.querySelector('.calls td.who a').textContent")
        tab.click(".calls td.who a")
        clicks += 1
        tab.wait("location.pathname.endsWith('accounts.html') && document.readyState=='complete'")
        tab.wait("document.querySelector(':target') !== null")
        box = tab.ask(
            "(() => {const b = document.querySelector(':target').getBoundingClientRect();"
            " return [b.top, b.bottom]})()"
        )
        text = tab.ask("document.querySelector(':target').innerText")
        heads = tab.ask("[...document.querySelectorAll(':target h4')].map(h => h.textContent)")
    assert clicks <= 3
    assert 0 <= box[0] < SIZE[1] / 2, "the account is not where the eye is"
    assert text.startswith(name)
    assert {"Why", "Playbook", "E-mail draft"} <= set(heads)
    assert "Hello " in text, "the draft itself, not only its heading"
    assert str(actions["reason"].iloc[0]).split(";")[0] in text


@needs_browser
def test_the_account_of_each_manager_is_on_the_first_page_too(tmp_path):
    run = fake_run.write(tmp_path / "reports" / "2026-07-01")
    write_index(run.stage)
    with browser_tab(tmp_path / "profile") as tab:
        tab.open(run.stage / "index.html")
        first = tab.ask(
            "[...document.querySelectorAll('section[aria-label=\"By manager\"] tbody tr')]"
            ".map(r => [r.cells[0].textContent, r.cells[1].querySelector('a').hash])"
        )
        tab.open(run.stage / "accounts.html")
        for csm, anchor in first:
            owner = tab.ask(
                f"document.querySelector({json.dumps(anchor)})"
                ".closest('.desk').querySelector('h2').textContent"
            )
            assert owner == csm
    assert len(first) > 1
