<?php

declare(strict_types=1);

namespace Standin;

/** A server that tests share: one that `Server::start` starts, or one that runs already. */
final class Server
{
    private static ?self $shared = null;

    /** The URL of the server, such as `http://127.0.0.1:40123`. */
    public readonly string $url;

    private readonly Control $control;

    private function __construct(
        string $url,
        private readonly ?string $httpsUrl,
        private readonly ?string $caFile,
        private readonly ?Process $process,
    ) {
        $this->url = $url;
        $this->control = new Control("$url/__standin");
    }

    /**
     * Starts the program. The server ends with `stop`, with the object, and with this process, whatever ends it.
     *
     * @param ?string               $scenario a scenario file; the built-in scenario without it
     * @param ?int                  $seed     the seed of all random draws
     * @param bool                  $tls      whether it also listens for https; PHP's streams then trust its certificate
     * @param array<string, string> $handlers URLs of the handlers that the scenario knows by name
     * @param list<string>          $flags    further flags of `standin serve`
     */
    public static function start(
        ?string $scenario = null,
        ?int $seed = null,
        bool $tls = false,
        array $handlers = [],
        array $flags = [],
    ): self {
        $arguments = $scenario === null ? [] : [$scenario];
        if ($seed !== null) {
            array_push($arguments, '--seed', (string) $seed);
        }
        foreach ($handlers as $name => $url) {
            array_push($arguments, '--handler', "$name=$url");
        }
        $process = Process::start(Program::path(), [...$arguments, ...$flags], $tls);
        [$port, $tlsPort] = $process->ports;
        $httpsUrl = $tlsPort === null ? null : "https://localhost:$tlsPort";
        return new self("http://127.0.0.1:$port", $httpsUrl, $process->caFile, $process);
    }

    /** A server that runs already, by its URL. It must observe the rules: `standin serve --judge`, or `standin run`. */
    public static function at(string $url, ?string $httpsUrl = null, ?string $caFile = null): self
    {
        return new self(rtrim($url, '/'), $httpsUrl === null ? null : rtrim($httpsUrl, '/'), $caFile, null);
    }

    /**
     * The server of all tests of this process: under `standin run` its server, with STANDIN_URL the one that is there, else one that is
     * started at the first call. The program reads STANDIN_SCENARIO and STANDIN_SEED; STANDIN_TLS=1 adds https.
     */
    public static function shared(): self
    {
        if (self::$shared === null) {
            $url = getenv('STANDIN_URL') ?: preg_replace('#/__standin/?$#', '', (string) getenv('STANDIN_CONTROL_URL'));
            self::$shared = $url === ''
                ? self::start(tls: !in_array(getenv('STANDIN_TLS'), [false, '', '0', 'false'], true))
                : self::at($url, getenv('STANDIN_HTTPS_URL') ?: null, getenv('STANDIN_CA') ?: null);
        }
        return self::$shared;
    }

    /**
     * Makes a namespace: a fresh copy of the scenario for one test.
     *
     * @param ?string               $name     its name in reports; a number is added
     * @param string|array|null     $scenario another scenario: a file, a text in YAML of several lines, or an array
     * @param ?int                  $seed     the seed of its random draws
     * @param ?list<array>          $expect   expectations that replace those of the scenario
     * @param array<string, string> $handlers URLs of the handlers that the scenario knows by name
     */
    public function world(
        ?string $name = null,
        string|array|null $scenario = null,
        ?int $seed = null,
        ?array $expect = null,
        array $handlers = [],
        Rules $rules = Rules::Error,
    ): World {
        $wanted = [
            'name' => self::namespaceName($name ?? 'php'),
            'scenario' => is_string($scenario) ? self::scenario($scenario) : $scenario,
            'seed' => $seed,
            'expect' => $expect,
            'handlers' => $handlers === [] ? null : $handlers,
        ];
        $made = $this->control->ask('POST', '/namespaces', array_filter($wanted, fn ($value) => $value !== null));
        return new World($made, $this->httpsUrl, $this->caFile, $rules);
    }

    /** Ends the server, if this object has started it. */
    public function stop(): void
    {
        $this->process?->stop();
    }

    /** At most 40 of the characters that a name can have, of which the last eight tell two tests of one name apart. */
    private static function namespaceName(string $text): string
    {
        $words = trim((string) preg_replace('/[^a-z0-9]+/', '_', strtolower($text)), '_');
        return ($words === '' ? 'test' : substr($words, 0, 31)) . '_' . bin2hex(random_bytes(4));
    }

    /** The text of a scenario that is a file, or a text already. */
    private static function scenario(string $scenario): string
    {
        if (str_contains($scenario, "\n")) {
            return $scenario;
        }
        $text = @file_get_contents($scenario);
        return $text === false ? throw new Problem("the scenario `$scenario` cannot be read") : $text;
    }
}
