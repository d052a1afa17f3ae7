// A small connector for open channels of Bitrix24: passes messages between operators and a customer of a messenger.
//
// standin run scenarios/connector-life.yaml --handler app=http://127.0.0.1:3000/events --until expectations --until 30s \
//     -- node examples/connector/node/connector.mjs
//
// Tokens are kept in memory and not refreshed.
import { createServer } from "node:http";

const port = Number(process.env.PORT ?? 3000);
const here = `http://127.0.0.1:${port}`;
const CONNECTOR = "myconnector";
const icon = { DATA_IMAGE: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E" };
const messages = ["MessageAdd", "MessageUpdate", "MessageDelete"];
const events = [...messages, "DialogStart", "DialogFinish", "StatusDelete", "LineDelete"];

let work = Promise.resolve();

/** Does something after the present request is answered, one thing after the other. */
function later(job) {
  work = work.then(job).catch((error) => console.error(error));
}

const portal = {
  token: process.env.BITRIX24_ACCESS_TOKEN,
  applicationToken: null, // the proof that an event is genuine; known once the application is installed

  async call(method, parameters = {}) {
    const response = await fetch(process.env.BITRIX24_REST_URL + method, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ auth: this.token, ...parameters }),
    });
    const answer = await response.json();
    if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result;
  },
};

/** Stands for your messenger. Its customer, Maria, does once everything that a customer can do. */
const messenger = {
  chat: { id: "channel-123" },
  user: { id: "maria", name: "Maria", last_name: "Silva" },
  number: 0,
  line: null, // the open line
  said: null, // the ID of Maria's latest message

  say(text) {
    this.said = `maria-${++this.number}`;
    return this.send("send.messages", { text });
  },
  send(method, text = {}) {
    const element = { user: this.user, message: { id: this.said, ...text }, chat: this.chat };
    return portal.call(`imconnector.${method}`, { CONNECTOR, LINE: this.line, MESSAGES: [element] });
  },
  show(text) {
    console.log("Maria reads:", text);
    return `operator-${++this.number}`;
  },
};

async function setUp() {
  const about = { ID: CONNECTOR, NAME: "My messenger", ICON: icon, CHAT_GROUP: "Y" };
  await portal.call("imconnector.register", { ...about, PLACEMENT_HANDLER: `${here}/settings` });
  for (const event of events) {
    await portal.call("event.bind", { event: `OnImConnector${event}`, handler: `${here}/events` });
  }
}

function confirm(line, { im, chat }, id) {
  const delivered = { im, message: { id }, chat };
  return portal.call("imconnector.send.status.delivery", { CONNECTOR, LINE: line, MESSAGES: [delivered] });
}

const handlers = {
  ONAPPINSTALL: (_, auth) => ((portal.token = auth.access_token), setUp()),
  async ONIMCONNECTORMESSAGEADD({ LINE, MESSAGES }) {
    for (const element of Object.values(MESSAGES)) await confirm(LINE, element, [messenger.show(element.message.text)]);
  },
  async ONIMCONNECTORMESSAGEUPDATE({ LINE, MESSAGES }) {
    for (const element of Object.values(MESSAGES)) {
      console.log("Maria reads again:", element.message.text);
      await confirm(LINE, element, Object.values(element.message.id));
    }
  },
  async ONIMCONNECTORMESSAGEDELETE() {
    await messenger.send("update.messages", { text: "Hello?" });
    await messenger.send("delete.messages");
  },
  async ONIMCONNECTORDIALOGSTART(data) {
    for (const { connector, session } of Object.values(data.DATA)) {
      if (session.parent_id !== "0") continue; // the chat has its name from an earlier session
      const chat = { CHAT_ID: connector.chat_id, NAME: "Maria Silva" }; // the messenger's own ID
      await portal.call("imconnector.chat.name.set", { CONNECTOR, LINE: data.LINE, ...chat });
    }
  },
  ONIMCONNECTORDIALOGFINISH: () => messenger.say("One more question"),
  ONIMCONNECTORSTATUSDELETE: () => (messenger.line = null),
  ONIMCONNECTORLINEDELETE: () => (messenger.line = null),
  ONAPPUNINSTALL: () => (portal.token = portal.applicationToken = null),
};

/** A form as PHP writes it, `data[MESSAGES][0][im][chat_id]=8`, as nested objects. */
function tree(form) {
  const root = Object.create(null);
  for (const [name, value] of form) {
    const path = name.replaceAll("]", "").split("[");
    const last = path.pop();
    path.reduce((node, key) => (node[key] ??= Object.create(null)), root)[last] = value;
  }
  return root;
}

function takeEvent({ event, data, auth }) {
  if (portal.applicationToken === null && event === "ONAPPINSTALL") portal.applicationToken = auth.application_token;
  if (!portal.applicationToken || auth?.application_token !== portal.applicationToken) return [403, ""];
  later(() => handlers[event]?.(data, auth));
  return [200, ""];
}

/** The page that an operator opens. It calls with the operator's token, so a forged request achieves nothing. */
async function showSettings({ PLACEMENT_OPTIONS, AUTH_ID }) {
  const { LINE } = JSON.parse(PLACEMENT_OPTIONS);
  const ofLine = { auth: AUTH_ID, CONNECTOR, LINE };
  await portal.call("imconnector.activate", { ...ofLine, ACTIVE: 1 });
  await portal.call("imconnector.connector.data.set", { ...ofLine, DATA: { ID: CONNECTOR, NAME: "My messenger" } });
  const { STATUS } = await portal.call("imconnector.status", ofLine);
  if (STATUS) later(() => ((messenger.line = LINE), messenger.say("Hello!")));
  return [200, "Connected"];
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  const take = { "/events": takeEvent, "/settings": showSettings }[request.url.split("?")[0]] ?? (() => [404, ""]);
  const answer = (async () => take(tree(new URLSearchParams(body))))();
  const [status, text] = await answer.catch((error) => (console.error(error), [500, ""]));
  response.writeHead(status).end(text);
});

server.listen(port, "127.0.0.1", () =>
  later(async () => {
    // If the application is installed already, the environment has its tokens. Else OnAppInstall brings them.
    if (!(await portal.call("app.info")).INSTALLED) return;
    portal.applicationToken = process.env.BITRIX24_APPLICATION_TOKEN;
    await setUp();
  }),
);
