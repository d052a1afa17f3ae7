// The address of the page: it names what one looks at, so that it can be sent to a colleague.
// `#/timeline/12?service=chert&in=NAMESPACE` is the view `timeline` with `12` opened, filtered, in a namespace.

/** Reads an address: `{ view, what, query }`. */
export function placeOf(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view, ...what] = path.split('/')
  return { view: view || 'timeline', what: what.map(decoded).join('/'), query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The address of a place. Parameters without a value are left out. */
export function hashOf({ view, what = '', query = {} }) {
  const given = Object.entries(query).filter(([, value]) => value)
  const tail = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  return `#/${view}${what === '' ? '' : `/${encodeURIComponent(what)}`}${tail}`
}

/** Goes to a place; with `instead`, the place before it is no longer in the history. */
export function go(place, instead) {
  const hash = hashOf(place)
  if (hash === location.hash) return
  if (instead) location.replace(hash)
  else location.hash = hash
}

// A person may have typed a lone `%`.
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
