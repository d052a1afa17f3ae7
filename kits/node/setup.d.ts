/** For `globalSetup` of vitest and jest: one server for the whole run. Returns a function that stops it. */
declare function setup(): Promise<() => Promise<void>>
export = setup
