import { six } from './six.mjs'

six('three')
