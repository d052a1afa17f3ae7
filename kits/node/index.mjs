// The same for `import`.
import kit from './index.js'

export const { standin, Server, World, StandinError, findProgram } = kit
