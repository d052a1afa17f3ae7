"""A small receiver of Chert's webhooks: answers each message of a recipient with the number of a ticket.

standin run scenarios/webhook-storm.yaml --handler app=http://127.0.0.1:3000/hooks --until expectations --until 30s \
    -- python examples/webhook-receiver/python/receiver.py

WITHOUT=age,repeats takes guards out; docs/chert.md says what standin reports then. What was seen is kept in memory; a
receiver that is restarted needs it in its database.
"""

import hashlib
import hmac
import json
import logging
import os
import queue
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("PORT", "3000"))
SECRET = os.environ["CHERT_WEBHOOK_SECRET"].encode()  # that of the subscription, not the tenant's signing secret
WITHOUT = os.environ.get("WITHOUT", "").split(",")
WINDOW = 300  # seconds

jobs = queue.Queue(maxsize=3)  # small, so that it gets full when the API is slow
seen, lock = set(), threading.Lock()


def call(method, path, body=None):
    headers = {
        "authorization": f"Bearer {os.environ['CHERT_SIGNING_SECRET']}",
        "x-chert-tenant": os.environ["CHERT_TENANT"],
        "content-type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["CHERT_BASE_URL"] + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def is_genuine(signature, body):
    """Whether `t=SECONDS,v1=HEX` signs the bytes of the body, and not too long ago."""
    fields = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    seconds, digest = fields.get("t", ""), fields.get("v1", "")
    if not seconds.isdecimal():
        return False
    if "age" not in WITHOUT and abs(time.time() - int(seconds)) > WINDOW:
        return False
    right = hmac.new(SECRET, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return "signature" in WITHOUT or hmac.compare_digest(digest.encode(), right.encode())


def take(event_id, kind, data):
    """Keeps an event for later, once. Returns false when there is no room for it."""
    with lock:
        if event_id in seen and "repeats" not in WITHOUT:
            return True
        try:
            jobs.put_nowait((event_id, kind, data))
        except queue.Full:
            return False
        seen.add(event_id)
        return True


def work(event_id, kind, data):
    """What the receiver is there for."""
    if kind == "message.received":
        chat = urllib.parse.quote(data["chat"]["id"], safe="")
        text = f"Thank you! Your ticket is {event_id}."
        call("POST", f"/chats/{chat}/messages", {"message": {"parts": [{"type": "text", "value": text}]}})
        print("answered", event_id, flush=True)


def work_for_ever():
    while True:
        try:
            work(*jobs.get())
        except Exception:
            logging.exception("an event was not worked off")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(self.status_for(body))
        self.send_header("content-length", "0")
        self.end_headers()

    def status_for(self, body):
        if not is_genuine(self.headers.get("x-webhook-signature", ""), body):
            return 401
        event = json.loads(body)
        event_id, kind, data = event["event_id"], event["event_type"], event["data"]
        if "haste" in WITHOUT:  # the work comes before the answer, which comes late then
            with lock:
                is_new = event_id not in seen
                seen.add(event_id)
            if is_new:
                work(event_id, kind, data)
            return 200
        if take(event_id, kind, data):
            return 200
        return 429 if "busy" in WITHOUT else 503  # Chert sends again after 5xx only

    def log_message(self, *_):
        pass


def replay_for_ever():
    """Looks into the event log for what has not come, and takes it from there."""
    since = None
    while True:
        try:
            since = replay(since)
        except Exception:
            logging.exception("the event log was not read")
        time.sleep(0.5)


def replay(since):
    rows, cursor = [], None
    while True:
        asked = {"limit": 100, "since": since, "cursor": cursor}
        asked = {name: value for name, value in asked.items() if value is not None}
        page = call("GET", "/events?" + urllib.parse.urlencode(asked))
        rows += page["events"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    for row in reversed(rows):  # the newest came first
        if row["event_id"] in seen:
            since = row["created_at"]  # events of this second come again, and are known then
        elif row["delivery"]["status"] == "pending" or not take(row["event_id"], row["type"], row["payload"].get("data")):
            break  # it is on its way, or there is no room for it
    return since


threading.Thread(target=work_for_ever, daemon=True).start()
if "replay" not in WITHOUT:
    threading.Thread(target=replay_for_ever, daemon=True).start()
server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)  # from here on it listens
call("GET", "/whoami")  # are the credentials good?
server.serve_forever()
