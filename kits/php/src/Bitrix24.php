<?php

declare(strict_types=1);

namespace Standin;

/**
 * URLs and credentials for Bitrix24.
 *
 * @property-read string $webhookUrl       URL of a webhook; the name of a method follows
 * @property-read string $restUrl          URL of REST for a client with an access token
 * @property-read string $accessToken
 * @property-read string $refreshToken
 * @property-read string $tokenUrl         where the refresh token is exchanged for a new pair
 * @property-read string $clientId
 * @property-read string $clientSecret
 * @property-read string $applicationToken proves that an event is genuine
 * @property-read string $memberId         identifier of the portal in events
 * @property-read string $httpsWebhookUrl  the same over https, if the server has it
 * @property-read string $httpsRestUrl
 * @property-read string $httpsTokenUrl
 */
final class Bitrix24 extends Access
{
    protected const PREFIX = 'BITRIX24_';
}
