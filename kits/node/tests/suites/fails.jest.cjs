const { standin } = require('standin')

test('unmet', async () => {
  const world = await standin.namespace({ name: 'unmet' })
  await world.expect({ name: 'twice', on: 'chert.chats.rename', calls: { exactly: 2 } })
  await fetch(`${world.chert.baseUrl}/whoami`, { headers: { authorization: `Bearer ${world.chert.signingSecret}` } })
  await world.end()
})
