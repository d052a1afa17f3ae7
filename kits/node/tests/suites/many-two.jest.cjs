require('./six.cjs')('two')
