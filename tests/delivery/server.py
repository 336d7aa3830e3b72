"""A webhook on this machine that answers as it is told, and remembers what it got."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hook:
    """``answers`` is used up one a request; the last one is repeated."""

    def __init__(self, answers, server):
        self.answers, self.got, self._server = list(answers), [], server

    @property
    def host(self):
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self):
        return f"http://{self.host}/services/T000/B000/very-secret-path"

    def next(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.contextmanager
def hook(*answers):
    """Serve ``(code, body, headers)`` answers; "drop" closes without one, "hang" never ends."""
    made = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            one = made["hook"]
            size = int(self.headers["Content-Length"])
            one.got.append(json.loads(self.rfile.read(size)))
            answer = one.next()
            if answer == "drop":
                self.close_connection = True
                return
            code, body, headers = answer
            data = body.encode()
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815  the name that the server calls

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made["hook"] = Hook(answers, server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made["hook"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
