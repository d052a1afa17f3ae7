require('./six.cjs')('one')
