#!/usr/bin/env bash
# Packs the PHP package, with the version of Cargo.toml: kits/php/pack.sh FOLDER writes FOLDER/standin-php-VERSION.zip and prints its path.
# Needs php with its extension zip.
set -euo pipefail
[ $# = 1 ] || { echo 'usage: kits/php/pack.sh FOLDER' >&2; exit 2; }
mkdir -p "$1"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec php -d error_reporting=-1 -r '
[, $kit, $folder] = $argv;
$root = dirname($kit, 2);
preg_match("/^version = \"(.+)\"/m", file_get_contents("$root/Cargo.toml"), $found) || exit("Cargo.toml has no version\n");
$composer = json_decode(file_get_contents("$kit/composer.json"), true, 512, JSON_THROW_ON_ERROR);
// Composer takes the version of a package from a tag, or from here.
$composer = array_slice($composer, 0, 1) + ["version" => $found[1]] + $composer;
$path = "$folder/standin-php-$found[1].zip";
@unlink($path);
$zip = new ZipArchive();
$zip->open($path, ZipArchive::CREATE) === true || exit("$path cannot be written\n");
$add = function (string $name, string $text) use ($zip): void {
    $zip->addFromString($name, $text);
    $zip->setMtimeName($name, 315532800); // the same input gives the same bytes
};
$add("composer.json", json_encode($composer, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES) . "\n");
$add("README.md", file_get_contents("$kit/README.md"));
foreach (["LICENSE-APACHE", "LICENSE-MIT"] as $name) {
    $add($name, file_get_contents("$root/$name"));
}
$files = [];
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator("$kit/src", FilesystemIterator::SKIP_DOTS)) as $file) {
    $files[] = (string) $file;
}
sort($files);
foreach ($files as $file) {
    $add(substr($file, strlen($kit) + 1), file_get_contents($file));
}
$zip->close() || exit("$path cannot be written\n");
echo "$path\n";
' -- "$here" "$1"
