const { writeFileSync } = require('node:fs')
const { standin } = require('standin')

test('hangs', async () => {
  writeFileSync(process.env.HANGS, (await standin.namespace()).name)
  await new Promise(() => {})
}, 600_000)
