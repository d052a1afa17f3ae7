"""Three replicas behind HAProxy: each request comes to the replica that its credential names, and one that dies takes its own namespaces only.

    python deploy/fleet.py PROGRAM

Needs haproxy and openssl (Debian: apt-get install haproxy openssl) and, for the vendors' SDKs, chert-sdk and b24pysdk. Traffic stays on
loopback.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
NAMESPACES = 200
TOKEN = "token-of-this-test"
REPLICAS = ("r1", "r2", "r3")
METHOD = "imconnector.chat.name.set"
CHAT = {"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": "47e007b1-ee15-43db-bcba-1c26e5884d3f"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def call(url, method="GET", body=None, headers=()):
    """The status and the body of an answer, as text."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"content-type": "application/json"} if data is not body else {}
    request = urllib.request.Request(url, data, {**kind, **dict(headers)}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def control(url, method="GET", body=None):
    return call(url, method, body, {"authorization": f"Bearer {TOKEN}"})


def within(seconds, what, holds):
    deadline = time.monotonic() + seconds

    def held():
        try:
            return holds()
        except OSError:
            return False

    while not held():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.05)


class Fleet:
    """Three replicas and the balancer."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.ports = {name: free_port() for name in REPLICAS}
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes = {}

    def start(self, name):
        command = [self.program, "serve", "--listen", f"127.0.0.1:{self.ports[name]}", "--replica", name]
        command += ["--control-token", TOKEN, "--public-url", self.url, "--log", "off", "--max-connections", "4000"]
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def is_up(self, name):
        return control(f"http://127.0.0.1:{self.ports[name]}/__standin/health")[0] == 200

    def balance(self):
        pem = self.folder / "balancer.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
            + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key", "-out", self.folder / "ca.pem"],
            check=True,
            capture_output=True,
        )
        pem.write_bytes((self.folder / "key").read_bytes() + (self.folder / "ca.pem").read_bytes())
        tls = self.folder / "tls.cfg"
        tls.write_text(f"listen tls\n  bind 127.0.0.1:{self.tls_port} ssl crt {pem}\n  server plain 127.0.0.1:{self.port}\n")
        environment = {f"STANDIN_{name.upper()}": f"127.0.0.1:{port}" for name, port in self.ports.items()}
        environment |= {"STANDIN_CONTROL_TOKEN": TOKEN, "STANDIN_BALANCER": f"127.0.0.1:{self.port}"}
        with open(self.folder / "haproxy.log", "wb") as log:
            self.processes["haproxy"] = subprocess.Popen(
                ["haproxy", "-db", "-f", HERE / "haproxy.cfg", "-f", tls], env=os.environ | environment, stdout=log, stderr=log
            )

    def stop(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def make(fleet, number):
    status, text = control(f"{fleet.url}/__standin/namespaces", "POST", {"name": f"load_{number}"})
    assert status == 201, (status, text)
    made = json.loads(text)
    made["replica"] = made["namespace"].partition("~")[2]
    assert made["replica"] in REPLICAS, made
    return made


def calls_of(made):
    """Renames with the credential in each of its places; each a function that returns the status and the text."""
    env, names = made["environment"], iter(f"Name {number}" for number in range(100))
    rest, token = env["BITRIX24_REST_URL"], env["BITRIX24_ACCESS_TOKEN"]

    def body():
        return {**CHAT, "NAME": next(names)}

    form = {"content-type": "application/x-www-form-urlencoded"}
    chert = f"{env['CHERT_BASE_URL']}/chats/ch_01H"
    bearer = {"authorization": f"Bearer {env['CHERT_SIGNING_SECRET']}"}
    tenant = {**bearer, "x-chert-tenant": env["CHERT_TENANT"]}
    json_type = {"content-type": "application/json"}
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in {**CHAT, "NAME": "Part", "auth": token}.items()
    )
    encoded = urllib.parse.quote(token, safe="").replace("~", "%7E")
    return {
        "webhook": lambda: call(f"{env['BITRIX24_WEBHOOK_URL']}{METHOD}", "POST", body()),
        "query": lambda: call(f"{rest}{METHOD}?auth={token}", "POST", body()),
        "encoded query": lambda: call(f"{rest}{METHOD}.json?x=1&auth={encoded}", "POST", body()),
        "JSON body": lambda: call(f"{rest}{METHOD}", "POST", {**body(), "auth": token}),
        "form": lambda: call(f"{rest}{METHOD}", "POST", urllib.parse.urlencode({**body(), "auth": token}).encode(), form),
        "multipart": lambda: call(f"{rest}{METHOD}", "POST", f"{parts}--b--\r\n".encode(), {"content-type": "multipart/form-data; boundary=b"}),
        "header": lambda: call(f"{rest}{METHOD}", "POST", body(), {"authorization": f"Bearer {token}"}),
        "bearer": lambda: call(chert, "PUT", json.dumps({"display_name": next(names)}).encode(), {**bearer, **json_type}),
        "tenant": lambda: call(chert, "PUT", json.dumps({"display_name": "a ~r1 b auth=x~r9"}).encode(), {**tenant, **json_type}),
    }


def refreshed(fleet, made):
    """A token that the replica issues names the replica too."""
    env = made["environment"]
    fields = {"grant_type": "refresh_token", "client_id": env["BITRIX24_CLIENT_ID"], "client_secret": env["BITRIX24_CLIENT_SECRET"]}
    fields["refresh_token"] = env["BITRIX24_REFRESH_TOKEN"]
    status, text = call(f"{fleet.url}/oauth/token/?{urllib.parse.urlencode(fields)}")
    assert status == 200, (status, text)
    pair = json.loads(text)
    token = pair["access_token"]
    assert token.endswith(f"~{made['replica']}"), token
    env |= {"BITRIX24_ACCESS_TOKEN": token, "BITRIX24_REFRESH_TOKEN": pair["refresh_token"]}
    status, text = call(f"{env['BITRIX24_REST_URL']}profile?auth={token}")
    assert status == 200, (status, text)
    return 2


def exchanges(made):
    status, text = control(f"{made['control']}/journal?rows=true")
    assert status == 200, (status, text)
    return len(json.loads(text)["rows"])


def sdks(fleet, made):
    """The vendors' SDKs for Python, unchanged, through the balancer."""
    from b24pysdk import BitrixWebhook, Client
    from chert import ChertClient

    env = made["environment"]
    os.environ["REQUESTS_CA_BUNDLE"] = str(fleet.folder / "ca.pem")
    user, secret = env["BITRIX24_WEBHOOK_URL"].rstrip("/").rsplit("/", 2)[1:]
    webhook = BitrixWebhook(domain=f"127.0.0.1:{fleet.tls_port}", webhook_token=f"{user}/{secret}")
    fields = {"connector": "connector", "line": 105, "chat_id": CHAT["CHAT_ID"], "name": "By the SDK"}
    assert Client(webhook).imconnector.chat.name.set(**fields).result["SUCCESS"] is True
    client = ChertClient(env["CHERT_BASE_URL"], env["CHERT_SIGNING_SECRET"], env["CHERT_TENANT"])
    assert client.request("/chats/ch_01H", method="PUT", body={"display_name": "By the SDK"})["chat"]["display_name"] == "By the SDK"
    return 2


def main(program):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        fleet = Fleet(program, pathlib.Path(folder))
        stack.callback(fleet.stop)
        for name in REPLICAS:
            fleet.start(name)
        for name in REPLICAS:
            within(20, f"replica {name}", lambda name=name: fleet.is_up(name))
        fleet.balance()
        within(20, "the balancer", lambda: all(control(f"{fleet.url}/__standin/namespaces/x~{name}/journal")[0] == 404 for name in REPLICAS))

        # Nobody is trusted because a request comes from this machine.
        assert call(f"{fleet.url}/__standin/journal")[0] == 401

        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(16))
        made = list(pool.map(lambda number: make(fleet, number), range(NAMESPACES)))
        share = {name: sum(one["replica"] == name for one in made) for name in REPLICAS}
        print(f"{NAMESPACES} namespaces: {share}")
        assert min(share.values()) > NAMESPACES // 4, share

        def use(one):
            sent = 0
            for place, send in calls_of(one).items():
                status, text = send()
                assert status == 200, (place, one["namespace"], status, text)
                sent += 1
            return sent + refreshed(fleet, one)

        sent = list(pool.map(use, made))
        for number in (0, 1, 2):
            sent[number] += sdks(fleet, made[number])
        assert list(pool.map(exchanges, made)) == sent
        print(f"{sum(sent)} calls, each in the journal of its namespace")

        # A replica that gets what is for another says which.
        stranger = next(one for one in made if one["replica"] == "r2")
        wrong = stranger["environment"]["BITRIX24_WEBHOOK_URL"].replace(str(fleet.port), str(fleet.ports["r1"]))
        status, text = call(f"{wrong}profile")
        assert status == 421 and "`r2`" in text, (status, text)
        wrong = stranger["control"].replace(str(fleet.port), str(fleet.ports["r1"]))
        status, text = control(f"{wrong}/journal")
        assert status == 421 and "`r2`" in text, (status, text)

        # Metrics of the replicas add up to what was sent.
        total = 0
        for port in fleet.ports.values():
            lines = control(f"http://127.0.0.1:{port}/__standin/metrics")[1].splitlines()
            total += sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("standin_exchanges_total{"))
        assert total == sum(sent), (total, sum(sent))

        fleet.processes["r2"].send_signal(signal.SIGKILL)
        fleet.processes["r2"].wait()
        living = [one for one in made if one["replica"] != "r2"]
        dead = [one for one in made if one["replica"] == "r2"]
        for one in dead[:20]:
            for place, send in calls_of(one).items():
                status, text = send()
                assert status == 503 and "does not answer" in json.loads(text)["standin"], (place, status, text)
        assert control(f"{dead[0]['control']}/journal")[0] == 503
        before = {one["namespace"]: count for one, count in zip(made, sent)}
        again = list(pool.map(use, living))
        assert list(pool.map(exchanges, living)) == [before[one["namespace"]] + count for one, count in zip(living, again)]
        within(10, "a place for new namespaces", lambda: control(f"{fleet.url}/__standin/namespaces", "POST")[0] == 201)
        print(f"r2 was killed: its {len(dead)} namespaces get 503, the {len(living)} others made {sum(again)} more calls and lost none")

        fleet.start("r2")
        within(20, "r2", lambda: fleet.is_up("r2"))
        within(20, "r2 at the balancer", lambda: control(f"{dead[0]['control']}/journal")[0] == 404)
        within(20, "a namespace at r2", lambda: make(fleet, f"after_{time.monotonic_ns()}")["replica"] == "r2")
        status, text = calls_of(dead[0])["webhook"]()
        assert status == 403 and "INVALID_CREDENTIALS" in text, (status, text)
        print("r2 came back empty and takes new namespaces")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
