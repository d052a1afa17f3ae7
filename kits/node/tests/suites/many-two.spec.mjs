import { six } from './six.mjs'

six('two')
