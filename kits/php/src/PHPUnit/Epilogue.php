<?php

declare(strict_types=1);

namespace Standin\PHPUnit;

/**
 * What is printed at the end of the process: broken rules that fail no test, and conversations that PHPUnit has no place for.
 *
 * @internal
 */
final class Epilogue
{
    /** How many tests a warning names. */
    private const NAMED = 3;

    /** @var array<string, list<string>> the tests that a report is about */
    private static array $tests = [];

    public static function note(string $test, string $report): void
    {
        if (self::$tests === []) {
            register_shutdown_function(static fn () => fwrite(STDERR, self::text(self::$tests)));
        }
        // The report names the namespace, which is another one for each test.
        self::$tests[(string) preg_replace('/ of namespace [a-z0-9_]+/', '', rtrim($report))][] = $test;
    }

    /** @param array<string, list<string>> $noted the tests that a report is about */
    public static function text(array $noted): string
    {
        $text = '';
        foreach ($noted as $report => $tests) {
            $more = count($tests) - self::NAMED;
            $named = implode(', ', array_slice($tests, 0, self::NAMED)) . ($more > 0 ? " and $more more" : '');
            $text .= "\nstandin: in $named\n$report\n";
        }
        return $text;
    }
}
