import { six } from './six.mjs'

six('five')
