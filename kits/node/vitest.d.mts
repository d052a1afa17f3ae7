import type { TestAPI } from 'vitest'
import type { NamespaceOptions, World } from './index.js'

export interface WithWorld {
  /** The namespace of the test. It is verified and dropped at the end of the test. */
  world: World
}

/** `test` of vitest with a namespace for each test. */
export const test: TestAPI<WithWorld>
export { test as it }

/** The same with options for the namespaces, or with a function that returns them before each test. */
export function testWith(options: NamespaceOptions | (() => NamespaceOptions | Promise<NamespaceOptions>)): TestAPI<WithWorld>
