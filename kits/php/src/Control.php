<?php

declare(strict_types=1);

namespace Standin;

/**
 * Asks the control interface of a server, or that of a namespace.
 *
 * @internal
 */
final class Control
{
    /** More than the server ever waits before it answers, in seconds. */
    private const TIME_LIMIT = 120;

    public function __construct(public readonly string $url)
    {
    }

    /** The answer, as an array. A refusal is a `Problem`, except a 417, which is an answer about the client. */
    public function ask(string $method, string $path, mixed $body = null): array
    {
        [$status, $text] = $this->request($method, $path, $body);
        $told = json_decode($text, true);
        if ($status < 400 || $status === 417) {
            return is_array($told) ? $told : throw new Problem("$method $this->url$path: the answer is not JSON: $text");
        }
        throw new Problem(self::words($told) ?? "$method $this->url$path: status $status: $text", $status);
    }

    /** The answer, as a text. */
    public function text(string $path): string
    {
        [$status, $text] = $this->request('GET', $path, null);
        return $status < 400 ? $text : throw new Problem(self::words(json_decode($text, true)) ?? $text, $status);
    }

    /** @return array{int, string} status and body */
    private function request(string $method, string $path, mixed $body): array
    {
        $fields = ['content-type: application/json'];
        $token = (string) getenv('STANDIN_CONTROL_TOKEN');
        if ($token !== '') {
            $fields[] = "authorization: Bearer $token";
        }
        $content = $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        $http = ['method' => $method, 'header' => $fields, 'content' => $content, 'ignore_errors' => true, 'follow_location' => 0];
        $http += ['protocol_version' => 1.1, 'timeout' => self::TIME_LIMIT];
        error_clear_last();
        $stream = @fopen($this->url . $path, 'r', false, stream_context_create(['http' => $http]));
        if ($stream === false) {
            throw new Problem("no server answers at $this->url: " . (error_get_last()['message'] ?? 'the reason is not known'));
        }
        $text = (string) stream_get_contents($stream);
        $head = stream_get_meta_data($stream)['wrapper_data'][0] ?? '';
        fclose($stream);
        return [(int) (explode(' ', $head)[1] ?? 0), $text];
    }

    /** What the server says is wrong, and what to do; null if it says nothing. */
    private static function words(mixed $told): ?string
    {
        if (!isset($told['standin'])) {
            return null;
        }
        return rtrim(implode("\n", array_filter([$told['standin'], $told['report'] ?? null, $told['help'] ?? null])));
    }
}
