<?php

declare(strict_types=1);

namespace Standin;

/**
 * URL and credentials for Chert.
 *
 * @property-read string $baseUrl       base URL, with the version
 * @property-read string $tenant        slug of the first tenant that may call
 * @property-read string $signingSecret signs requests, and is the bearer token
 * @property-read string $webhookSecret signs the deliveries to the scenario's first webhook
 * @property-read string $httpsBaseUrl  the same over https, if the server has it
 */
final class Chert extends Access
{
    protected const PREFIX = 'CHERT_';
}
