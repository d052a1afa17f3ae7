import { six } from './six.mjs'

six('four')
