"""What benches/instructions.sh counts. Each server runs twice, with some requests and with more, over 32 connections that are
kept: what lies between the two counts is that of the requests alone, after the start and with a journal that is full. All
requests are renames, but for one subject."""

import hashlib
import hmac
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

FILE = "benches/instructions.tsv"
ADDRESS = ("127.0.0.1", 18481)
CONNECTIONS = 32
ROUNDS = (50, 150)  # the journal keeps 1,000 exchanges: it is full after 32 rounds
PATIENCE = 60

TARGET = sys.argv[1]
SERVER = [f"{TARGET}/standin", "serve", "--listen", "%s:%d" % ADDRESS, "--workers", "1", "--log", "off"]
BARE = [f"{TARGET}/bare_hyper", "%s:%d" % ADDRESS, "1"]
BITRIX24 = b'{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"New dialog name"}'
MESSAGE = b'{"CONNECTOR":"connector","LINE":"105","MESSAGES":[{"user":{"id":"u1","name":"Ivan","last_name":"Ivanov"},"message":{"id":"m1","date":1773265993,"text":"Good afternoon"},"chat":{"id":"47e007b1-ee15-43db-bcba-1c26e5884d3f"}}]}'
CHERT = b'{"display_name":"Acme launch crew","group_chat_icon":"https://cdn.example.com/acme-icon.png"}'
SECRET = b"5f4dcc3b5aa765d61d8327deb882cf99"


def request(line, body, *fields):
    head = [f"{line} HTTP/1.1", "host: %s:%d" % ADDRESS, "content-type: application/json", f"content-length: {len(body)}", *fields]
    return "\r\n".join([*head, "", ""]).encode() + body


def by_webhook():
    return request("POST /rest/1/webhook-secret/imconnector.chat.name.set", BITRIX24)


def send():
    return request("POST /rest/1/webhook-secret/imconnector.send.messages", MESSAGE)


def by_token():
    return request("PUT /api/v1/chats/ch_01H", CHERT, f"authorization: Bearer {SECRET.decode()}")


def signed():
    now = str(int(time.time()))
    digest = hmac.new(SECRET, now.encode() + b"." + CHERT, hashlib.sha256).hexdigest()
    return request("PUT /api/v1/chats/ch_01H", CHERT, "x-chert-tenant: acme-7a3f", f"x-chert-signature: v1,{now},{digest}")


SUBJECTS = {
    "bare hyper": (BARE, by_webhook),
    "Bitrix24 by webhook": (SERVER, by_webhook),
    "Bitrix24 send.messages": (SERVER, send),
    "Chert by bearer token": (SERVER, by_token),
    "Chert signed": (SERVER, signed),
}


def connect(server):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(ADDRESS, timeout=PATIENCE)
        except OSError as error:
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(f"benches/instructions.sh: no server comes up: {error}")
            time.sleep(0.05)


def read_answer(connection):
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += receive(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"benches/instructions.sh: a request fails: {answer.decode()}")
    length = int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head)[1])
    while len(body) < length:
        body += receive(connection)


def receive(connection):
    return connection.recv(65536) or sys.exit("benches/instructions.sh: the server closes a connection")


def count(command, text, rounds):
    """The instructions of a server that answers `rounds` requests on each connection."""
    with tempfile.TemporaryDirectory() as folder:
        tool = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        server = subprocess.Popen([*tool, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            connections = [connect(server) for _ in range(CONNECTIONS)]
            for _ in range(rounds):
                for connection in connections:
                    connection.sendall(text)
                for connection in connections:
                    read_answer(connection)
            for connection in connections:
                connection.close()
            server.terminate()
            server.wait(PATIENCE)
        finally:
            server.kill()
        with open(f"{folder}/out") as out:
            return int(re.search(r"^(?:summary|totals): (\d+)", out.read(), re.M)[1])


def main():
    known = {}
    if os.path.exists(FILE):
        with open(FILE) as file:
            known = {name: int(figure) for name, figure in (line.rstrip("\n").split("\t") for line in file)}
    today, above = {}, []
    print(f"{'instructions a request':<24}{'today':>10}{'committed':>12}")
    for name, (command, make) in SUBJECTS.items():
        text, (few, many) = make(), ROUNDS
        more = count(command, text, many) - count(command, text, few)
        today[name] = round(more / ((many - few) * CONNECTIONS))
        past = known.get(name)
        print(f"{name:<24}{today[name]:>10,}" + (f"{past:>12,}{today[name] / past - 1:>+8.1%}" if past else f"{'none':>12}"), flush=True)
        if past is None or today[name] > past * 1.05:
            above.append(name)
    if "--write" in sys.argv:
        with open(FILE, "w") as file:
            file.writelines(f"{name}\t{figure}\n" for name, figure in today.items())
    elif above:
        sys.exit(f"benches/instructions.sh: more than 5 % above {FILE}: {', '.join(above)}\n"
                 "help: find out what costs it, or commit to it with `benches/instructions.sh --write`")


main()
