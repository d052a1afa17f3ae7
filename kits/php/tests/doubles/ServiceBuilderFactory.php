<?php

namespace Bitrix24\SDK\Services;

/** Calls as b24phpsdk 3 does with a webhook: the URL and the JSON that it makes. */
final class ServiceBuilderFactory
{
    public readonly self $core;
    private array $data;

    public static function createServiceBuilderFromWebhook(string $webhookUrl): self
    {
        $made = new self();
        $made->core = $made->calls($webhookUrl);
        return $made;
    }

    private function calls(string $url): self
    {
        $calls = new self();
        $calls->data = [$url];
        return $calls;
    }

    public function call(string $method, array $parameters = []): self
    {
        $url = sprintf('%s/%s/?bx24_request_id=%s', $this->data[0], strtolower($method), bin2hex(random_bytes(16)));
        $fields = ['accept: application/json', 'content-type: application/json', 'user-agent: b24-php-sdk-vendor-v-3.2.0'];
        $http = ['method' => 'POST', 'header' => $fields, 'content' => json_encode($parameters), 'follow_location' => 0];
        $answer = new self();
        $answer->data = json_decode(file_get_contents($url, false, stream_context_create(['http' => $http])), true);
        return $answer;
    }

    public function getResponseData(): self
    {
        return $this;
    }

    public function getResult(): array
    {
        return $this->data['result'];
    }
}
