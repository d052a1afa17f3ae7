import { six } from './six.mjs'

six('one')
