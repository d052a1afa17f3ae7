// Makes the tarballs that npm publishes: node kits/node/pack.mjs PROGRAM PLATFORM OUT
//
// PROGRAM is the file of the program `standin`, built for PLATFORM: linux-x64, linux-arm64, darwin-x64 or darwin-arm64. OUT gets two files:
//   standin-VERSION.tgz           the main package, the same for every platform
//   standin-PLATFORM-VERSION.tgz  the package @standin/PLATFORM, which carries the program

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const main = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const names = Object.keys(main.optionalDependencies)
const platforms = names.map((name) => name.replace('@standin/', ''))

const [program, platform, out] = process.argv.slice(2)
if (!out || !platforms.includes(platform)) {
  fail(`usage: node kits/node/pack.mjs PROGRAM PLATFORM OUT, where PLATFORM is ${platforms.join(', ')}`)
}
checkVersions()
mkdirSync(out, { recursive: true })
const stage = mkdtempSync(join(tmpdir(), 'standin-pack-'))
try {
  pack(stageMain(join(stage, 'main')))
  pack(stagePlatform(join(stage, 'platform')))
} finally {
  rmSync(stage, { recursive: true })
}

/** All packages have the version of the program. */
function checkVersions() {
  const version = /^version = "(.*)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1]
  const others = [main.version, ...Object.values(main.optionalDependencies)]
  if (others.some((other) => other !== version)) fail(`Cargo.toml has version ${version}, kits/node/package.json has ${[...new Set(others)].join(', ')}`)
}

function stageMain(folder) {
  mkdirSync(folder)
  const files = ['package.json', 'README.md', 'bin', 'lib']
  const parts = ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'setup.js', 'setup.d.ts', 'vitest.mjs', 'vitest.d.mts']
  for (const file of [...files, ...parts]) cpSync(join(here, file), join(folder, file), { recursive: true })
  return withLicenses(folder)
}

function stagePlatform(folder) {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  copyFileSync(program, join(folder, 'bin', 'standin'))
  chmodSync(join(folder, 'bin', 'standin'), 0o755)
  const [os, cpu] = platform.split('-')
  const about = {
    name: `@standin/${platform}`,
    version: main.version,
    description: `The program of the package standin, for ${platform}`,
    license: main.license,
    ...(main.repository ? { repository: main.repository } : {}),
    os: [os],
    cpu: [cpu],
    files: ['bin', 'LICENSE-*'],
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(about, null, 2) + '\n')
  writeFileSync(join(folder, 'README.md'), `The program of the package \`standin\`, for ${platform}. Install \`standin\`, which brings it.\n`)
  return withLicenses(folder)
}

function withLicenses(folder) {
  for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, file), join(folder, file))
  return folder
}

function pack(folder) {
  const settings = ['pack', '--silent', '--ignore-scripts', '--pack-destination', resolve(out), folder]
  const made = execFileSync('npm', settings, { encoding: 'utf8' }).trim()
  console.log(join(out, basename(made)))
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
