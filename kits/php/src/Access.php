<?php

declare(strict_types=1);

namespace Standin;

/**
 * URLs and credentials of one service in one namespace. `webhookUrl` of Bitrix24 is the variable `BITRIX24_WEBHOOK_URL`.
 */
abstract class Access
{
    /** What the names of the service's variables begin with. */
    protected const PREFIX = '';

    /** @param array<string, string> $environment */
    final public function __construct(private readonly array $environment)
    {
    }

    public function __isset(string $member): bool
    {
        return isset($this->environment[self::variable($member)]);
    }

    public function __get(string $member): string
    {
        $variable = self::variable($member);
        return $this->environment[$variable] ?? throw new Problem(
            str_contains($variable, '_HTTPS_')
                ? "there is no `$member`: the server has no https; start it with TLS, or set STANDIN_TLS=1"
                : "there is no `$member`: the scenario has nothing for $variable"
        );
    }

    private static function variable(string $member): string
    {
        return static::PREFIX . strtoupper((string) preg_replace('/[A-Z]/', '_$0', $member));
    }
}
