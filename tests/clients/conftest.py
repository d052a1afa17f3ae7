"""What the tests in Python share: the control interface of the running server."""

import http.server
import json
import os
import pathlib
import queue
import threading
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
SCENARIOS = HERE.parents[1] / "scenarios"

# Texts to replace in a scenario.
LIVE = ("bitrix24:", "bitrix24:\n  edition: live")
EXPIRED = ("expires: 30s", "expires: 0s")  # at the start

# Every error of Bitrix24 as `bitrix24-errors.yaml` gives it, and what to send for it.
ERRORS = json.loads((HERE / "bitrix24-errors.json").read_text())
every_error = pytest.mark.parametrize("error", ERRORS, ids=[error["code"] for error in ERRORS])


class Standin:
    """The running server. Its vendors' addresses and credentials are in the environment."""

    def __init__(self):
        self.url = os.environ["STANDIN_URL"]

    def serve(self, name, *faults, replace=()):
        """Puts a scenario of the library in place, with texts replaced in it and further faults."""
        text = (SCENARIOS / f"{name}.yaml").read_text()
        for old, new in replace:
            assert old in text
            text = text.replace(old, new, 1)
        self._ask("scenario", text)
        for number, fault in enumerate(faults, 1):
            self._ask("faults", json.dumps({"name": f"fault {number}", **fault}))

    def journal(self):
        """What was asked so far: for each request its operation, without the service, and the status of its answer."""
        entries = self._ask("journal")["entries"]
        return [((entry["operation"] or "").partition(".")[2], entry["response"]["status"]) for entry in entries]

    def names(self, vendor):
        """The present name of each chat by its id."""
        chats = self._ask("state")[vendor]
        if vendor == "chert":
            chats = [chat for tenant in chats["tenants"] for chat in tenant["chats"]]
            return {chat["id"]: chat["display_name"] for chat in chats}
        return {chat["id"]: chat["name"] for chat in chats["chats"]}

    def act(self, name, **parameters):
        """Performs an action, such as `bitrix24.operator.write`."""
        named = {key.rstrip("_"): value for key, value in parameters.items()}  # `from` is a word of Python
        return self._ask("actions", json.dumps({"do": name, "with": named}))

    def advance(self, length):
        """Moves a virtual clock by this length, or to the `next` instant at which something is due."""
        return self._ask("clock", json.dumps({"advance": length}))

    def event(self, number):
        """The body of an event for a handler that has no URL."""
        return self._ask(f"outbox/e{number}/take", "")["body"]

    def _ask(self, path, body=None):
        data = None if body is None else body.encode()
        with urllib.request.urlopen(f"{self.url}/__standin/{path}", data, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def standin():
    server = Standin()
    server.serve("default")
    return server


class Receiver:
    """A handler of webhooks on this machine. It keeps each request as it came, and answers it with the next of `statuses`, else
    with 200."""

    def __init__(self):
        received, self.statuses = queue.SimpleQueue(), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["content-length"]))
                handler.send_response(self.statuses.pop(0) if self.statuses else 200)
                handler.send_header("content-length", "0")
                handler.end_headers()
                received.put((handler.headers, body))

            def log_message(*_):
                pass

        self._received = received
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self):
        """Header fields and body of the next request."""
        return self._received.get(timeout=20)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()
