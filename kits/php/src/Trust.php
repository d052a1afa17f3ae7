<?php

declare(strict_types=1);

namespace Standin;

/**
 * Lets PHP's streams trust the certificate of a server, beside those that the system trusts: they read the variable SSL_CERT_FILE at each
 * connection.
 *
 * @internal
 */
final class Trust
{
    private function __construct(
        private readonly string $variable,
        private readonly string $bundle,
        private readonly string|false $before,
    ) {
    }

    /** Null without the extension openssl: there are no streams over https then. */
    public static function in(string $caFile, string $bundle): ?self
    {
        if (!extension_loaded('openssl')) {
            return null;
        }
        $places = openssl_get_cert_locations();
        $trust = new self($places['default_cert_file_env'], $bundle, getenv($places['default_cert_file_env']));
        $system = $trust->before ?: $places['default_cert_file'];
        file_put_contents($bundle, (string) @file_get_contents($system) . "\n" . file_get_contents($caFile));
        putenv("$trust->variable=$bundle");
        return $trust;
    }

    public function end(): void
    {
        if (getenv($this->variable) === $this->bundle) {
            putenv($this->before === false ? $this->variable : "$this->variable=$this->before");
        }
    }
}
