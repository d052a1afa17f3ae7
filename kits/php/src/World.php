<?php

declare(strict_types=1);

namespace Standin;

/**
 * One namespace of a server: a fresh copy of the scenario with credentials, chats, faults and a journal of its own. A test has one, and
 * ends it.
 */
final class World
{
    /** How many exchanges and how many events a conversation shows. */
    private const SHOWN = 20;

    public readonly string $name;
    /** The URL of the server. */
    public readonly string $url;
    /** The URL of the namespace's control interface. */
    public readonly string $controlUrl;
    /** File with the certificate of the server, for clients over https; null if the server has no https. */
    public readonly ?string $caFile;
    /** @var array<string, string> the variables of `standin run`, for this namespace */
    public readonly array $environment;
    public readonly Bitrix24 $bitrix24;
    public readonly Chert $chert;
    public readonly Clock $clock;

    private readonly Control $control;
    /** @var list<array<string, mixed>> */
    private array $expected = [];
    private int $faults = 0;

    /** @internal `Server::world` makes one. */
    public function __construct(array $made, ?string $httpsUrl, ?string $caFile, private readonly Rules $rules)
    {
        $environment = $made['environment'];
        $this->name = $made['namespace'];
        $this->url = $environment['STANDIN_URL'];
        $this->controlUrl = $made['control'];
        $this->caFile = $caFile;
        $this->environment = $environment + self::overHttps($environment, $httpsUrl);
        $this->bitrix24 = new Bitrix24($this->environment);
        $this->chert = new Chert($this->environment);
        $this->control = new Control($this->controlUrl);
        $this->clock = new Clock($this->control);
    }

    /**
     * Adds a fault, with the keys of a scenario's faults: `fault(on: 'chert.chats.rename', error: '4001', when: ['first' => 2])`.
     * It is there until the namespace ends or `Fault::remove`.
     */
    public function fault(string $on, mixed ...$more): Fault
    {
        $this->faults++;
        $told = $this->control->ask('POST', '/faults', ['on' => $on] + $more + ['name' => "fault $this->faults of the test"]);
        return new Fault($this->control, $told['name']);
    }

    /**
     * Does what no call can do: `act('bitrix24.operator.write', connector: 'connector', line: 105, chat: 'chat-1', text: 'Hello')`.
     *
     * @return array what changed, and the numbers of the events that it raised
     */
    public function act(string $action, mixed ...$with): array
    {
        return $this->control->ask('POST', '/actions', ['do' => $action, 'with' => (object) $with]);
    }

    /**
     * What the client must have done at the end of the test, with the keys of a scenario's `expect`:
     * `expect(on: 'chert.chats.rename', calls: ['exactly' => 3])`.
     */
    public function expect(string $on, mixed ...$more): void
    {
        $this->expected[] = ['on' => $on] + $more + ['name' => 'expectation ' . (count($this->expected) + 1) . " of the test: $on"];
    }

    /** How many expectations the test has. */
    public function expectations(): int
    {
        return count($this->expected);
    }

    /** Waits until an expectation is met, by the wall clock: `waitFor(on: 'bitrix24.OnImConnectorMessageAdd', within: '5s')`. */
    public function waitFor(string $on, string $within = '10s', mixed ...$more): void
    {
        $expected = [['on' => $on] + $more + ['name' => "waited for $within"]];
        $told = $this->control->ask('POST', '/verify?wait_for=' . rawurlencode($within), $expected);
        if (!$told['met']) {
            throw new Unmet($this->failure($told['report']));
        }
    }

    /**
     * Throws `Unmet` if an expectation is not met or a rule is broken.
     *
     * @return string the broken rules that fail nothing, in words; empty if there are none
     */
    public function verify(): string
    {
        $reports = [];
        if ($this->expected !== []) {
            $told = $this->control->ask('POST', '/verify', $this->expected);
            $reports[] = $told['met'] ? '' : $told['report'];
        }
        $judgement = $this->judgement();
        if (!$judgement['met']) {
            $reports[] = $this->control->ask('POST', '/verify')['report'];
        }
        if ($this->rules !== Rules::Off && !$judgement['observed']) {
            throw new Problem("the server observes no rules\nstart it with `--judge`, or set STANDIN_RULES=off");
        }
        $severe = array_filter($judgement['broken'], fn (array $rule) => $rule['severity'] === 'error');
        if ($this->rules === Rules::Error && $severe !== []) {
            $reports[] = $judgement['report'];
        }
        $report = implode('', $reports);
        if ($report !== '') {
            throw new Unmet($this->failure($report));
        }
        return $this->rules === Rules::Off ? '' : $judgement['report'];
    }

    /** Broken rules and the expectations of the scenario, as `GET /__standin/judgement` answers. */
    public function judgement(): array
    {
        return $this->control->ask('GET', '/judgement');
    }

    /** @return list<array> the exchanges so far, the oldest first; those of one operation, such as `chert.chats.rename` */
    public function journal(?string $operation = null): array
    {
        $query = $operation === null ? '' : '?operation=' . rawurlencode($operation);
        return $this->control->ask('GET', "/journal$query")['entries'];
    }

    /** Chats, messages, connectors, lines and so on, as they are now. */
    public function state(): array
    {
        return $this->control->ask('GET', '/state');
    }

    /** The chat with this identifier, as it is now. */
    public function chat(string $id): array
    {
        $chats = self::chats($this->state());
        foreach ($chats as $chat) {
            if ($chat['id'] === $id) {
                return $chat;
            }
        }
        throw new Problem("there is no chat `$id`; there are " . implode(', ', array_map(fn ($chat) => "`$chat[id]`", $chats)));
    }

    /** @return list<array> the events that the services have sent or will send, the oldest first */
    public function outbox(): array
    {
        return $this->control->ask('GET', '/outbox')['deliveries'];
    }

    /** The oldest event that waits for a handler; null if none does. The test answers it: `Event::answer`. */
    public function take(): ?Event
    {
        return $this->takeExcept([]);
    }

    /**
     * Hands every event that waits to a handler, one after the other, also those that the handler causes. The handler returns the status of
     * its answer, or nothing for 200. An event that it refuses is handed over again by the next call.
     *
     * @param callable(Event): (int|null) $handler
     * @return int how many events there were
     */
    public function deliver(callable $handler): int
    {
        $handed = [];
        while (($event = $this->takeExcept($handed)) !== null) {
            $handed[] = $event->id;
            try {
                $status = $handler($event);
            } catch (\Throwable $thrown) {
                $event->answer(500);
                throw $thrown;
            }
            $event->answer($status ?? 200);
        }
        return count($handed);
    }

    /** @param list<string> $except numbers of events */
    private function takeExcept(array $except): ?Event
    {
        foreach ($this->outbox() as $delivery) {
            if ($delivery['state'] !== 'waiting' || in_array($delivery['id'], $except, true)) {
                continue;
            }
            try {
                return new Event($this->control, $this->control->ask('POST', "/outbox/$delivery[id]/take"));
            } catch (Problem $problem) {
                // 409: it is being sent, or a fault loses it. 404: it has gone.
                if (!in_array($problem->getCode(), [404, 409], true)) {
                    throw $problem;
                }
            }
        }
        return null;
    }

    /** Why an exchange (3, or `last`) or an event (`e1`) ended as it did, in words. */
    public function explain(int|string $which = 'last'): string
    {
        $path = is_string($which) && str_starts_with($which, 'e') ? "/outbox/$which" : "/journal/$which";
        return $this->control->text("$path/explain");
    }

    /** The newest exchanges and events of the test, each as `explain` words it. Secrets are hidden. */
    public function conversation(): string
    {
        $journal = $this->control->ask('GET', '/journal?last=' . self::SHOWN);
        $deliveries = array_slice($this->outbox(), -self::SHOWN);
        $seed = "seed $journal[seed]; start a server with the same draws: $journal[replay]";
        $told = [];
        foreach ([...array_column($journal['entries'], 'number'), ...array_column($deliveries, 'id')] as $which) {
            $explained = rtrim($this->explain($which));
            // What repeats the run is the same for all: it comes once, at the end.
            if (preg_match('/\n\n(seed \d+; .*)$/s', $explained, $found)) {
                $seed = $found[1];
                $explained = substr($explained, 0, -strlen($found[0]));
            }
            $told[] = $explained;
        }
        $told[] = $told === [] ? 'the client made no call' : $seed;
        return implode("\n\n", $told) . "\n";
    }

    /** Drops the namespace. It verifies nothing. */
    public function end(): void
    {
        $this->control->ask('DELETE', '');
    }

    private function failure(string $report): string
    {
        return rtrim($report) . "\n\nThe conversation:\n\n" . rtrim($this->conversation());
    }

    /** @return list<array> */
    private static function chats(array $state): array
    {
        $chats = $state['bitrix24']['chats'] ?? [];
        foreach ($state['chert']['tenants'] ?? [] as $tenant) {
            array_push($chats, ...($tenant['chats'] ?? []));
        }
        return $chats;
    }

    /**
     * The URLs over https under the names that `standin run --tls` gives them.
     *
     * @return array<string, string>
     */
    private static function overHttps(array $environment, ?string $httpsUrl): array
    {
        $found = [];
        foreach ($environment as $variable => $value) {
            if ($httpsUrl !== null && $variable !== 'STANDIN_CONTROL_URL' && str_ends_with($variable, '_URL')) {
                $secure = preg_replace('/^([A-Z0-9]+)_/', '$1_HTTPS_', $variable);
                $found[$secure] = $httpsUrl . substr($value, strlen($environment['STANDIN_URL']));
            }
        }
        return $found;
    }
}
