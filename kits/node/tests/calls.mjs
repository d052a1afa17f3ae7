// Calls of a client.

export const RENAME = 'chert.chats.rename'

export async function rename(world, name = 'New name', base = world.chert.baseUrl) {
  return await fetch(`${base}/chats/ch_01H`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${world.chert.signingSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: name }),
  })
}

/** Certainly breaks a rule of severity `error`. */
export async function batchTooLong(world) {
  return await fetch(`${world.bitrix24.webhookUrl}batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ cmd: Array.from({ length: 51 }, () => 'server.time') }),
  })
}

/** A scenario with a handler that has a name. */
export const EVENTS = {
  standin: 1,
  name: 'events',
  bitrix24: {
    applications: [{ client_id: 'local.app', client_secret: 'app-secret-1' }],
    users: [{ id: 27, name: 'Klaus', last_name: 'Weber' }],
    credentials: [{ token: 'access-token-1', refresh_token: 'refresh-token-1', client_id: 'local.app' }],
    connectors: [{ id: 'myconnector', chat_group: true }],
    lines: [{ id: 107, connectors: ['myconnector'] }],
    chats: [{ connector: 'myconnector', line: 107, id: 'channel-123', name: 'Support' }],
    handlers: [{ event: 'OnImConnectorMessageAdd', name: 'app' }],
  },
}
export const MESSAGE = 'bitrix24.OnImConnectorMessageAdd'

export async function write(world) {
  return await world.act('bitrix24.operator.write', { connector: 'myconnector', line: 107, chat: 'channel-123', text: 'Hello' })
}
