<?php

declare(strict_types=1);

namespace Standin;

/** An event or webhook that a test has taken: the request as the service sends it. */
final class Event
{
    /** Its number in the outbox, such as `e1`. */
    public readonly string $id;
    public readonly string $method;
    /** Where it would be sent; null if the handler has no URL. */
    public readonly ?string $url;
    /** @var array<string, string> header fields, by names in lower case */
    public readonly array $headers;
    public readonly string $body;

    /** @internal */
    public function __construct(private readonly Control $control, array $taken)
    {
        $this->id = $taken['id'];
        $this->method = $taken['method'];
        $this->url = $taken['url'] ?? null;
        $this->headers = $taken['headers'];
        $this->body = $taken['body'];
    }

    /** The body of an event of Bitrix24, as PHP has it in `$_POST`. */
    public function form(): array
    {
        parse_str($this->body, $form);
        return $form;
    }

    /** The body of a webhook of Chert. */
    public function json(): array
    {
        return json_decode($this->body, true, 512, JSON_THROW_ON_ERROR);
    }

    /** Tells the service the status with which the handler has answered. */
    public function answer(int $status): void
    {
        $this->control->ask('POST', "/outbox/$this->id/answer", ['status' => $status]);
    }
}
