<?php

declare(strict_types=1);

namespace Standin;

/**
 * Finds the program `standin`.
 *
 * @internal
 */
final class Program
{
    /** The path of the program: `STANDIN_BIN` if it is set, else the first `standin` on the path. */
    public static function path(): string
    {
        $chosen = getenv('STANDIN_BIN');
        if ($chosen !== false && $chosen !== '') {
            return is_file($chosen) && is_executable($chosen)
                ? $chosen
                : throw new Problem("STANDIN_BIN is `$chosen`, but no program is there");
        }
        foreach (explode(PATH_SEPARATOR, (string) getenv('PATH')) as $folder) {
            if ($folder !== '' && is_file("$folder/standin") && is_executable("$folder/standin")) {
                return "$folder/standin";
            }
        }
        throw new Problem(
            "the program `standin` is not on the path\n"
            . 'install it with `pip install standin-mock`, `npm install --global standin` or `cargo install standin`, '
            . 'or set STANDIN_BIN to its path'
        );
    }
}
