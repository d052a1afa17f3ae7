'use strict'
// The name of the method that `await using` calls. In some environments of tests, old versions of Node.js do not have it.

/** @type {typeof Symbol.asyncDispose} */
module.exports = Symbol.asyncDispose ?? Symbol('Symbol.asyncDispose')
