// What may stand at a place of a fault that is being written, by the schema and the catalogue.

// The keys that a fault on events may have.
const OF_EVENTS = ['name', 'on', 'match', 'when', 'delay', 'deliver']

/**
 * The completions at `cursor`: `{ from, choices: [{ word, insert, about }] }`; `from` is where the word begins.
 * `catalog` has `operations`, `events` and `schema`.
 */
export function completionsAt(text, cursor, catalog) {
  const before = text.slice(0, cursor)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const word = /[^\s{}[\],:'"]*$/.exec(line.replace(/^.*?\bon:\s*/, (start) => ' '.repeat(start.length)))[0]
  const from = cursor - word.length
  const ahead = line.slice(0, line.length - word.length)
  const way = wayOf(before, ahead)
  const value = /(?:^|[{,\s])(\w+):\s+["']?$/.exec(ahead)
  const choices = value ? valuesOf(value[1], [...way, value[1]], text, catalog) : keysOf(way, catalog, text)
  const fits = choices.filter((choice) => choice.word.toLowerCase().includes(word.toLowerCase()) && choice.insert !== word)
  fits.sort((one, other) => Number(other.word.startsWith(word)) - Number(one.word.startsWith(word)))
  return { from, choices: fits }
}

// The keys that are around the cursor: from braces on the line, and from lines that are less indented.
function wayOf(before, ahead) {
  const way = []
  let depth = 0
  for (let at = ahead.length - 1; at >= 0; at -= 1) {
    if (ahead[at] === '}') depth += 1
    if (ahead[at] === '{') {
      if (depth > 0) depth -= 1
      else {
        const key = /(\w+):\s*$/.exec(ahead.slice(0, at))
        if (key) way.unshift(key[1])
      }
    }
  }
  let indent = /^\s*/.exec(ahead)[0].length
  const lines = before.split('\n').slice(0, -1)
  while (indent > 0 && lines.length > 0) {
    const line = lines.pop()
    const own = /^\s*/.exec(line)[0].length
    const key = /^\s*(\w+):\s*$/.exec(line)
    if (line.trim() !== '' && own < indent) {
      indent = own
      if (key) way.unshift(key[1])
    }
  }
  return way
}

function keysOf(way, catalog, text) {
  const forms = formsAt(way, catalog.schema)
  const present = way.length === 0 ? new Set([...text.matchAll(/^(\w+):/gm)].map((match) => match[1])) : new Set()
  const on = /^on:\s*["']?([\w.]+)/m.exec(text)?.[1]
  const isEvent = catalog.events.includes(on)
  // A key of calls is not for events, nor the other way round. `bitrix24.events` is both.
  const fitsOn = (key) => way.length > 0 || !on || on.endsWith('.events') || (isEvent ? OF_EVENTS.includes(key) : key !== 'deliver')
  const keys = forms.flatMap((form) => Object.entries(form.properties ?? {})).filter(([key]) => fitsOn(key))
  const constants = forms.filter((form) => form.const !== undefined && way.length === 0)
  if (way.at(-1) === 'match') return parametersOf(text, catalog)
  return [...keys.filter(([key]) => !present.has(key)).map(([key, form]) => ({ word: key, insert: `${key}: `, about: aboutOf(form, catalog.schema) })), ...constants.map((form) => itself(form.const, form.description))]
}

function valuesOf(key, way, text, catalog) {
  if (way.length === 1 && key === 'on') {
    const services = [...new Set(catalog.operations.map((operation) => operation.name.split('.')[0]))]
    return [...services.map((name) => itself(name, 'all calls of the service')), ...catalog.operations.map((operation) => itself(operation.name, operation.summary)), ...catalog.events.map((name) => itself(name, 'an event'))]
  }
  if (way.length === 1 && key === 'error') {
    const codes = new Map(operationsOf(text, catalog).flatMap((operation) => operation.errors ?? []).map((error) => [error.code, `status ${error.status}, at ${error.stage}`]))
    return [...codes].map(([code, about]) => ({ word: code, insert: /^\d/.test(code) ? `"${code}"` : code, about }))
  }
  const forms = formsAt(way, catalog.schema)
  const constants = forms.filter((form) => form.const !== undefined).map((form) => itself(String(form.const), form.description))
  const enums = forms.flatMap((form) => form.enum ?? []).map((value) => itself(String(value)))
  const nested = forms.flatMap((form) => Object.entries(form.properties ?? {})).map(([name, form]) => ({ word: `{${name}: …}`, insert: `{${name}: `, about: aboutOf(form, catalog.schema) }))
  const booleans = forms.some((form) => form.type === 'boolean') ? ['true', 'false'].map((word) => itself(word)) : []
  return [...constants, ...enums, ...booleans, ...nested]
}

// The operations that the fault's `on` covers.
function operationsOf(text, catalog) {
  const on = /^on:\s*["']?([\w.]+)/m.exec(text)?.[1] ?? ''
  return catalog.operations.filter((operation) => on === '' || operation.name === on || operation.name.startsWith(`${on}.`))
}

function parametersOf(text, catalog) {
  const names = new Set(operationsOf(text, catalog).flatMap((operation) => operation.parameters))
  return [...names].map((name) => ({ word: name, insert: `${name}: `, about: 'a parameter of the call' }))
}

// The forms that a value may have at the end of a way.
function formsAt(way, schema) {
  return way.reduce((forms, key) => forms.flatMap((form) => formsOf(form.properties?.[key], schema)), formsOf(schema.$defs?.FaultSpec ?? schema, schema))
}

// A choice that is inserted as it stands.
function itself(word, about = '') {
  return { word, insert: word, about }
}

// A form of the schema without references and alternatives.
function formsOf(form, schema) {
  if (!form) return []
  if (form.$ref) return formsOf(schema.$defs?.[form.$ref.split('/').at(-1)], schema)
  const alternatives = form.anyOf ?? form.oneOf
  return alternatives ? alternatives.flatMap((alternative) => formsOf(alternative, schema)) : [form]
}

function aboutOf(form, schema) {
  return form.description ?? schema.$defs?.[form.$ref?.split('/').at(-1)]?.description ?? ''
}
