<?php

declare(strict_types=1);

namespace Standin;

/** What a broken rule of conduct does to a test. */
enum Rules: string
{
    /** A breach fails the test if it is certain and its rule has the severity `error`. Other breaches are printed. */
    case Error = 'error';
    /** Breaches are printed, and fail no test. */
    case Warn = 'warn';
    /** Breaches are not looked at. */
    case Off = 'off';

    /** The value of the variable `STANDIN_RULES`; `Error` if it is not set. */
    public static function fromEnvironment(): self
    {
        $text = getenv('STANDIN_RULES') ?: 'error';
        return self::tryFrom($text) ?? throw new Problem("STANDIN_RULES is `$text`: it can be `error`, `warn` or `off`");
    }
}
