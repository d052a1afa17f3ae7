// A small receiver of Chert's webhooks: answers each message of a recipient with the number of a ticket.
//
// standin run scenarios/webhook-storm.yaml --handler app=http://127.0.0.1:3000/hooks --until expectations --until 30s \
//     -- node examples/webhook-receiver/node/receiver.mjs
//
// WITHOUT=age,repeats takes guards out; docs/chert.md says what standin reports then. What was seen is kept in memory; a
// receiver that is restarted needs it in its database.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const { CHERT_BASE_URL, CHERT_SIGNING_SECRET, CHERT_TENANT, PORT = "3000" } = process.env;
const SECRET = process.env.CHERT_WEBHOOK_SECRET; // that of the subscription, not the tenant's signing secret
const without = new Set((process.env.WITHOUT ?? "").split(","));
const WINDOW = 300; // seconds
const ROOM = 3; // jobs that may wait; few, so that the room is full when the API is slow

const jobs = [];
const seen = new Set();
let isWorking = false;

async function call(method, path, body) {
  const response = await fetch(CHERT_BASE_URL + path, {
    method,
    headers: {
      authorization: `Bearer ${CHERT_SIGNING_SECRET}`,
      "x-chert-tenant": CHERT_TENANT,
      "content-type": "application/json",
    },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

/** Whether `t=SECONDS,v1=HEX` signs the bytes of the body, and not too long ago. */
function isGenuine(signature = "", body) {
  const [, seconds, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (!seconds) return false;
  if (!without.has("age") && Math.abs(Date.now() / 1000 - Number(seconds)) > WINDOW) return false;
  const right = createHmac("sha256", SECRET).update(`${seconds}.`).update(body).digest();
  return without.has("signature") || timingSafeEqual(Buffer.from(digest, "hex"), right);
}

/** Keeps an event for later, once. Returns false when there is no room for it. */
function take(eventId, kind, data) {
  if (seen.has(eventId) && !without.has("repeats")) return true;
  if (jobs.length >= ROOM) return false;
  seen.add(eventId);
  jobs.push([eventId, kind, data]);
  workOff();
  return true;
}

/** What the receiver is there for. */
async function work(eventId, kind, data) {
  if (kind !== "message.received") return;
  const text = `Thank you! Your ticket is ${eventId}.`;
  const path = `/chats/${encodeURIComponent(data.chat.id)}/messages`;
  await call("POST", path, { message: { parts: [{ type: "text", value: text }] } });
  console.log("answered", eventId);
}

/** Does all jobs, one after the other. */
async function workOff() {
  if (isWorking) return;
  isWorking = true;
  while (jobs.length > 0) await work(...jobs.shift()).catch((error) => console.error(error));
  isWorking = false;
}

async function statusFor(signature, body) {
  if (!isGenuine(signature, body)) return 401;
  const { event_id: eventId, event_type: kind, data } = JSON.parse(body);
  if (without.has("haste")) {
    // The work comes before the answer, which comes late then.
    const isNew = !seen.has(eventId);
    seen.add(eventId);
    if (isNew) await work(eventId, kind, data);
    return 200;
  }
  if (take(eventId, kind, data)) return 200;
  return without.has("busy") ? 429 : 503; // Chert sends again after 5xx only
}

/** Looks into the event log for what has not come, and takes it from there. */
async function replay(since) {
  const rows = [];
  let cursor;
  do {
    const asked = Object.entries({ limit: 100, since, cursor }).filter(([, value]) => value);
    const page = await call("GET", `/events?${new URLSearchParams(asked)}`);
    rows.push(...page.events);
    cursor = page.next_cursor;
  } while (cursor);
  // The newest came first.
  for (const row of rows.reverse()) {
    if (seen.has(row.event_id)) {
      since = row.created_at; // events of this second come again, and are known then
    } else if (row.delivery.status === "pending" || !take(row.event_id, row.type, row.payload.data)) {
      break; // it is on its way, or there is no room for it
    }
  }
  return since;
}

async function replayForEver() {
  for (let since; ; await pause(500)) {
    try {
      since = await replay(since);
    } catch (error) {
      console.error(error);
    }
  }
}

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const status = await statusFor(request.headers["x-webhook-signature"], Buffer.concat(pieces)).catch(
    (error) => (console.error(error), 500),
  );
  response.writeHead(status, { "content-length": 0 }).end();
});

server.listen(Number(PORT), "127.0.0.1", async () => {
  await call("GET", "/whoami"); // are the credentials good?
  if (!without.has("replay")) replayForEver();
});
