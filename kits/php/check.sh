#!/usr/bin/env bash
# Tests the PHP package as it is published: packs it, installs it with Composer in an empty folder, and runs the tests of the kit and the code of the
# documentation there.
#
#   kits/php/check.sh [PROGRAM]     PROGRAM is a `standin`; without it, STANDIN_BIN or target/debug/standin
#
# Needs php with zip, Composer, PHPUnit and unzip; as root on Debian it installs them.
set -euo pipefail
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$kit/../.." && pwd)
program=$(realpath "${1:-${STANDIN_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/standin}}")

said() { printf '\n== %s\n' "$*"; }
fail() { printf 'kits/php/check.sh: %s\n' "$*" >&2; exit 1; }

complete() {
  command -v php >/dev/null && command -v composer >/dev/null && command -v phpunit >/dev/null && command -v unzip >/dev/null && command -v ps >/dev/null &&
    php -r 'exit(class_exists("ZipArchive") ? 0 : 1);'
}
if ! complete && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && apt-get install -q -y --no-install-recommends php-cli php-zip composer phpunit unzip procps; } >/dev/null ||
    fail 'apt-get could not install php-cli, php-zip, composer, phpunit, unzip and procps'
fi
complete || fail 'php with zip, composer, phpunit and unzip are needed'

work=$(mktemp -d)
leftover=
trap '[ -n "$leftover" ] && kill $leftover 2>/dev/null; rm -rf "$work"' EXIT
unset STANDIN_URL STANDIN_CONTROL_URL STANDIN_SCENARIO STANDIN_RULES STANDIN_TLS
mkdir "$work/tmp"
export TMPDIR="$work/tmp" COMPOSER_HOME="$work/composer" COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_NO_INTERACTION=1
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

# The program that the tests start: it writes down each start, then it is the real one.
cat >"$work/standin" <<SH
#!/bin/sh
echo \$\$ >>"$work/starts"
exec "$program" "\$@"
SH
chmod +x "$work/standin"
export STANDIN_BIN="$work/standin"
starts() { grep -c . "$work/starts" || true; }
# Whether a process runs. One that has ended and that nobody has asked for (Z) does not.
alive() {
  case $(ps -o stat= -p "$1" 2>/dev/null) in '' | Z*) return 1 ;; esac
}
# Whether the servers that were started have ended, at last.
ended() {
  local pid
  for pid in $(cat "$work/starts"); do
    for _ in $(seq 200); do
      alive "$pid" || break
      sleep 0.05
    done
    ! alive "$pid" || return 1
  done
}
# run NAME FLAGS…: PHPUnit in the project, with a new list of starts; its output is in $work/NAME.
run() {
  local name=$1
  shift
  : >"$work/starts"
  (cd "$work/project" && phpunit --colors=never "$@") >"$work/$name" 2>&1
}
must_run() {
  run "$@" && grep '^OK (' "$work/$1" || { cat "$work/$1"; fail "$1 failed"; }
}

said 'pack, and install with Composer in an empty folder'
"$kit/pack.sh" "$work/packages"
mkdir "$work/project"
cd "$work/project"
cat >composer.json <<JSON
{
  "repositories": [{"type": "artifact", "url": "$work/packages"}, {"packagist.org": false}],
  "autoload": {"psr-4": {"": "src/"}},
  "autoload-dev": {"classmap": ["doubles"], "files": ["doubles/rename_group.php"]}
}
JSON
cp -r "$kit/tests/doubles" .
mkdir -p src tests
php "$kit/tests/extract.php" "$root/docs/testing-in-php.md" .
{ printf '<?php\n'; sed -n '/^```php$/,/^```$/{//d;p;}' "$kit/README.md"; } >tests/RenameTest.php
composer --quiet require --dev standin/standin || fail 'composer could not install the package'
[ "$(composer show --format=json standin/standin | php -r 'echo json_decode(stream_get_contents(STDIN))->versions[0];')" = \
  "$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)" ] || fail 'the package has not the version of Cargo.toml'
[ ! -e vendor/standin/standin/tests ] || fail 'the package has its tests in it'
find vendor/standin -name '*.php' -print0 | xargs -0 -n1 php -l >/dev/null

said 'the code of README.md and docs/testing-in-php.md'
must_run documentation
[ "$(starts)" = 1 ] || fail "$(starts) servers were started for one run"
ended || fail 'the server is still there'

said 'the tests of the kit'
cp "$kit"/tests/*Test.php . && rm phpunit.xml
must_run kit --bootstrap vendor/autoload.php KitTest.php

said 'thirty tests of one server'
must_run thirty --bootstrap vendor/autoload.php ManyTest.php
[ "$(starts)" = 1 ] || fail "$(starts) servers were started for thirty tests"
ended || fail 'the server is still there'

said 'four times thirty tests at the same time, of the server of standin run'
: >"$work/starts"
# shellcheck disable=SC2016
"$STANDIN_BIN" run -- bash -c '
  for _ in 1 2 3 4; do phpunit --bootstrap vendor/autoload.php ManyTest.php >/dev/null & all="$all $!"; done
  for pid in $all; do wait "$pid" || exit 1; done' 2>"$work/run" || { cat "$work/run"; fail 'they failed'; }
grep 'exchanges' "$work/run"
[ "$(starts)" = 1 ] || fail "$(starts) servers were started"

said 'tests that must fail, and say why'
if run failing --bootstrap vendor/autoload.php "$kit/tests/failing/BreaksARuleTest.php"; then
  fail 'tests that must fail have passed'
fi
grep -q '^Tests: 5, Assertions: [0-9]*, Errors: 1, Failures: 4\.$' "$work/failing" || { cat "$work/failing"; fail 'not all five fail'; }
told() { grep -q "$@" "$work/failing" || { cat "$work/failing"; fail "this is not told: ${*: -1}"; }; }
told 'error: `chert.signature-alone`: a signature came without `x-chert-tenant`'
told 'is not met: expected exactly 2 calls of `chert.chats.rename`; 1 call came (exchange 1)'
told 'thrown by the client'
told "BreaksARuleTest.php:$(grep -n 'the report names this line' "$kit/tests/failing/BreaksARuleTest.php" | cut -d: -f1)$"
[ "$(grep -c '^exchange 1 .*: PUT /api/v1/chats/ch_01H$' "$work/failing")" = 5 ] || { cat "$work/failing"; fail 'a conversation is missing'; }
STANDIN_RULES=warn run warned --bootstrap vendor/autoload.php --filter testARuleIsBroken "$kit/tests/failing/BreaksARuleTest.php" ||
  { cat "$work/warned"; fail 'a warning fails a test'; }
grep -q '^standin: in BreaksARuleTest::testARuleIsBroken$' "$work/warned" || { cat "$work/warned"; fail 'a warning is not printed'; }

said 'tests with processes of their own'
must_run isolated --bootstrap vendor/autoload.php --process-isolation --filter '#[0-4]$' ManyTest.php
ended || fail 'a server is still there'

said 'PHPUnit is killed, and the server ends'
: >"$work/starts"
export HANGS="$work/hangs"
phpunit --bootstrap vendor/autoload.php "$kit/tests/failing/HangsTest.php" >/dev/null 2>&1 & runner=$!
for _ in $(seq 400); do
  [ -s "$HANGS" ] && break
  sleep 0.05
done
[ -s "$HANGS" ] || fail 'the test that hangs did not start'
leftover=$(cat "$HANGS")
kill -9 "$runner"
wait "$runner" 2>/dev/null || true
ended || fail 'the server outlives PHPUnit'
alive "$leftover" || fail 'the child of the test ended too soon to prove anything'
[ -z "$(find "$TMPDIR" -name 'standin-*')" ] || fail 'files are left behind'

said 'what a test costs'
php -d error_reporting=-1 -r '
require "vendor/autoload.php";
$since = hrtime(true);
$server = Standin\Server::start();
printf("start of the server: %.1f ms\n", (hrtime(true) - $since) / 1e6);
$took = [];
for ($count = 0; $count < 200; $count++) {
    $since = hrtime(true);
    $world = $server->world();
    $world->verify();
    $world->end();
    $took[] = (hrtime(true) - $since) / 1e6;
}
sort($took);
printf("a namespace, verified and dropped: %.2f ms (median of 200)\n", $took[100]);
'
said 'the PHP package works'
