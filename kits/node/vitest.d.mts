import type { TestAPI } from 'vitest'
import type { NamespaceOptions, World } from './index.js'

/** `test` of vitest with a namespace for each test. */
export const test: TestAPI<{
  /** The namespace. It is verified and dropped at the end of the test. */
  world: World
  /** What the namespace is made with: `test.extend({ standinOptions: { scenario: 'tests/chats.yaml' } })`. */
  standinOptions: NamespaceOptions
}>
export { test as it }
