"""A small connector for open channels of Bitrix24: passes messages between operators and a customer of a messenger.

standin run scenarios/connector-life.yaml --handler app=http://127.0.0.1:3000/events --until expectations --until 30s \
    -- python examples/connector/python/connector.py
Tokens are kept in memory and not refreshed.
"""

import hmac
import itertools
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask, request
from werkzeug.serving import make_server

PORT = os.environ.get("PORT", "3000")
HERE = f"http://127.0.0.1:{PORT}"
CONNECTOR = "myconnector"
EVENTS = ["MessageAdd", "MessageUpdate", "MessageDelete", "DialogStart", "DialogFinish", "StatusDelete", "LineDelete"]

server, worker = Flask(__name__), ThreadPoolExecutor(max_workers=1)


def later(job, *arguments):
    """Does something after the present request is answered, one thing after the other."""
    done = worker.submit(job, *arguments)
    done.add_done_callback(lambda done: done.exception() and logging.error("%r", done.exception()))


class Portal:
    token = os.environ["BITRIX24_ACCESS_TOKEN"]
    application_token = None  # the proof that an event is genuine; known once the application is installed

    def call(self, method, token=None, **parameters):
        body = {**parameters, "auth": token or self.token}
        answer = requests.post(os.environ["BITRIX24_REST_URL"] + method, json=body, timeout=10).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer}")
        return answer["result"]


class Messenger:
    """Stands for your messenger. Its customer, Maria, does once everything that a customer can do."""

    chat = {"id": "channel-123"}
    user = {"id": "maria", "name": "Maria", "last_name": "Silva"}
    numbers = itertools.count(1)
    line = said = None  # the open line, and the ID of Maria's latest message

    def say(self, text):
        self.said = f"maria-{next(self.numbers)}"
        self.send("send.messages", text=text)

    def send(self, method, **text):
        element = {"user": self.user, "message": {"id": self.said, **text}, "chat": self.chat}
        portal.call(f"imconnector.{method}", CONNECTOR=CONNECTOR, LINE=self.line, MESSAGES=[element])


portal, messenger = Portal(), Messenger()


def set_up():
    icon = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"}
    about = {"ID": CONNECTOR, "NAME": "My messenger", "ICON": icon, "CHAT_GROUP": "Y"}
    portal.call("imconnector.register", **about, PLACEMENT_HANDLER=HERE + "/settings")
    for event in EVENTS:
        portal.call("event.bind", event="OnImConnector" + event, handler=HERE + "/events")


def handle(event, data, auth):
    match event.removeprefix("ONIMCONNECTOR"):
        case "ONAPPINSTALL":
            portal.token = auth["access_token"]
            set_up()
        case "MESSAGEADD" | "MESSAGEUPDATE":
            for element in data["MESSAGES"].values():
                print("Maria reads:", element["message"]["text"])
                known = element["message"].get("id", {})  # a changed message comes with the messenger's IDs
                ids = list(known.values()) or [f"operator-{next(messenger.numbers)}"]
                element = {"im": element["im"], "message": {"id": ids}, "chat": element["chat"]}
                portal.call("imconnector.send.status.delivery", CONNECTOR=CONNECTOR, LINE=data["LINE"], MESSAGES=[element])
        case "MESSAGEDELETE":
            messenger.send("update.messages", text="Hello?")
            messenger.send("delete.messages")
        case "DIALOGSTART":
            new = [dialog for dialog in data["DATA"].values() if dialog["session"]["parent_id"] == "0"]
            for dialog in new:
                chat = {"CHAT_ID": dialog["connector"]["chat_id"], "NAME": "Maria Silva"}  # the messenger's own ID
                portal.call("imconnector.chat.name.set", CONNECTOR=CONNECTOR, LINE=data["LINE"], **chat)
        case "DIALOGFINISH":
            messenger.say("One more question")
        case "STATUSDELETE" | "LINEDELETE":
            messenger.line = None
        case "ONAPPUNINSTALL":
            portal.token = portal.application_token = None


def tree(form):
    """A form as PHP writes it, `data[MESSAGES][0][im][chat_id]=8`, as nested dictionaries."""
    root = {}
    for name, value in form.items():
        *path, last = name.replace("]", "").split("[")
        node = root
        for key in path:
            node = node.setdefault(key, {})
        node[last] = value
    return root


@server.post("/events")
def events():
    event = tree(request.form)
    token = event["auth"]["application_token"]
    if portal.application_token is None and event["event"] == "ONAPPINSTALL":
        portal.application_token = token
    if not hmac.compare_digest(token, portal.application_token or "not installed"):
        return "", 403
    later(handle, event["event"], event.get("data"), event["auth"])
    return ""


@server.post("/settings")
def settings():
    """The page that an operator opens. It calls with the operator's token, so a forged request achieves nothing."""
    line = json.loads(request.form["PLACEMENT_OPTIONS"])["LINE"]
    of_line = {"token": request.form["AUTH_ID"], "CONNECTOR": CONNECTOR, "LINE": line}
    portal.call("imconnector.activate", **of_line, ACTIVE=1)
    portal.call("imconnector.connector.data.set", **of_line, DATA={"ID": CONNECTOR, "NAME": "My messenger"})
    if portal.call("imconnector.status", **of_line)["STATUS"]:
        messenger.line = line
        later(messenger.say, "Hello!")
    return "Connected"


def start():
    # If the application is installed already, the environment has its tokens. Else OnAppInstall brings them.
    if portal.call("app.info")["INSTALLED"]:
        portal.application_token = os.environ["BITRIX24_APPLICATION_TOKEN"]
        set_up()


logging.getLogger("werkzeug").setLevel(logging.ERROR)
listening = make_server("127.0.0.1", int(PORT), server, threaded=True)
later(start)
listening.serve_forever()
