<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Standin\Event;
use Standin\PHPUnit\Epilogue;
use Standin\PHPUnit\Standin;
use Standin\PHPUnit\UsesStandin;
use Standin\Problem;
use Standin\Rules;
use Standin\Server;
use Standin\Unmet;

/** What the kit offers to a test. */
#[Standin(seed: 7)]
final class KitTest extends TestCase
{
    use UsesStandin;

    private const WEBHOOK = <<<'YAML'
        standin: 1
        name: a webhook and a handler
        clock: {virtual: "2026-03-17T14:52:41Z"}
        bitrix24:
          applications: [{client_id: local.app, client_secret: app-secret-1}]
          credentials: [{token: access-token-1, refresh_token: refresh-token-1, client_id: local.app}]
          connectors: [{id: myconnector, chat_group: true}]
          lines: [{id: 107, connectors: [myconnector]}]
          chats: [{connector: myconnector, line: 107, id: channel-123, name: Support}]
          handlers: [{event: OnImConnectorMessageAdd, name: app}]
        chert:
          tenants:
            - slug: acme
              signing_secret: secret-of-acme-1
              lines: [{id: pl_01H, phone_number: "+15555550100"}]
              chats: [{id: ch_01H, group: true, line: pl_01H, display_name: Launch, participants: ["+14155550100", "+14155550200"]}]
              subscriptions: [{id: sub_01H, name: hook, events: [message.received], secret: webhook-secret-1}]
        YAML;

    private function write(string $text): void
    {
        $chat = ['connector' => 'myconnector', 'line' => 107, 'chat' => 'channel-123'];
        $this->standin->act('bitrix24.operator.write', ...$chat, text: $text);
    }

    private function rename(string $name, string $chat = 'ch_01H'): void
    {
        rename_group($this->standin->chert->baseUrl, $this->standin->chert->signingSecret, $chat, $name);
    }

    private function problem(callable $call): string
    {
        try {
            $call();
        } catch (Problem $problem) {
            return $problem->getMessage();
        }
        $this->fail('no problem is told');
    }

    public function testAWorldHasUrlsAndCredentialsOfItsOwn(): void
    {
        $bitrix24 = $this->standin->bitrix24;
        $this->assertSame($this->standin->url . '/rest/', $bitrix24->restUrl);
        $this->assertStringContainsString($this->standin->name, $bitrix24->webhookUrl);
        $this->assertSame("access-token-{$this->standin->name}", $bitrix24->accessToken);
        $this->assertSame("acme-7a3f-{$this->standin->name}", $this->standin->chert->tenant);
        $this->assertStringStartsWith('testaworldhasurlsandcredentials_', $this->standin->name);
        $this->assertTrue(isset($bitrix24->memberId));
        $this->assertFalse(isset($this->standin->chert->webhookSecret));
        $this->assertStringContainsString('nothing for CHERT_WEBHOOK_SECRET', $this->problem(fn () => $this->standin->chert->webhookSecret));
        $this->assertStringContainsString('STANDIN_TLS', $this->problem(fn () => $bitrix24->httpsRestUrl));
    }

    public function testTwoWorldsHaveNothingInCommon(): void
    {
        $other = Server::shared()->world(name: 'other');
        $this->rename('Mine');
        $this->assertSame('Launch', $other->chat('ch_01H')['display_name']);
        $this->assertSame([], $other->journal());
        $other->end();
        $this->assertStringContainsString($other->name, $this->problem(fn () => $other->state()));
    }

    public function testAnAttributeOfTheClassHoldsForItsTests(): void
    {
        $this->assertStringContainsString('seed 7;', $this->told());
    }

    #[Standin(seed: 8)]
    public function testAnAttributeOfATestComesFirst(): void
    {
        $this->assertStringContainsString('seed 8;', $this->told());
    }

    private function told(): string
    {
        $this->rename('A name');
        return $this->standin->conversation();
    }

    public function testAFaultIsSwitchedAndCounted(): void
    {
        $fault = $this->standin->fault(on: 'chert.chats.rename', error: '2002', name: 'a fault / with a name');
        $this->rename('A name');
        $this->assertSame(3, $fault->fired());
        $fault->off();
        $this->rename('A name');
        $fault->on();
        $fault->again();
        $this->assertSame(0, $fault->fired());
        $this->assertSame('a fault / with a name', $fault->show()['name']);
        $fault->remove();
        $this->rename('Another name');
        $this->assertSame('Another name', $this->standin->chat('ch_01H')['display_name']);
        $this->assertCount(5, $this->standin->journal(operation: 'chert.chats.rename'));
        $this->assertSame([], $this->standin->journal(operation: 'bitrix24.profile'));
    }

    public function testMistakesAreToldWithWhatToDo(): void
    {
        $mistakes = [
            'did you mean `chert.chats.rename`?' => fn () => $this->standin->fault(on: 'chert.chats.renam', error: '4001'),
            'the real clock' => fn () => $this->standin->clock->advance('1s'),
            '`ch_02D`' => fn () => $this->standin->chat('nobody'),
            'bitrix24.operator.write' => fn () => $this->standin->act('bitrix24.operator.writ'),
            'nope.yaml` cannot be read' => fn () => Server::shared()->world(scenario: 'nope.yaml'),
            'did you mean `name`' => fn () => Server::shared()->world(scenario: "standin: 1\nnam: x\n"),
            'no exchange' => fn () => $this->standin->explain(17),
        ];
        foreach ($mistakes as $help => $call) {
            $this->assertStringContainsString($help, $this->problem($call));
        }
        $this->standin->expect(on: 'chert.chats.renam');
        $this->assertStringContainsString('`chert.chats.rename`', $this->problem(fn () => $this->standin->verify()));
        $this->startAnew();
    }

    /** A world without the expectations of this one, for the end of the test. */
    private function startAnew(): void
    {
        $this->standin->end();
        $this->standin = Server::shared()->world();
    }

    public function testAnExpectationThatIsNotMetIsToldWithTheConversation(): void
    {
        $this->standin->expect(on: 'chert.chats.rename', calls: ['exactly' => 2], name: 'renamed twice');
        $this->rename('A name');
        try {
            $this->standin->verify();
            $this->fail('nothing is told');
        } catch (Unmet $unmet) {
            $this->assertStringContainsString('`renamed twice` is not met: expected exactly 2 calls', $unmet->getMessage());
            $this->assertStringContainsString('exchange 1 of namespace ', $unmet->getMessage());
            $this->assertStringContainsString('seed 7; start a server with the same draws', $unmet->getMessage());
        }
        $this->rename('A name');
    }

    public function testARuleFailsATestOnlyIfItIsToldTo(): void
    {
        foreach ([Rules::Error, Rules::Warn, Rules::Off] as $rules) {
            $world = Server::shared()->world(rules: $rules);
            $http = ['method' => 'PUT', 'header' => ['x-chert-signature: v1,1,0', 'content-type: application/json'], 'ignore_errors' => true];
            file_get_contents($world->chert->baseUrl . '/chats/x', false, stream_context_create(['http' => $http + ['content' => '{}']]));
            // The request has no credential of the world, so it is one for the main scenario.
            $this->assertSame('', $world->verify());
            $http['header'][] = "x-standin-namespace: $world->name";
            file_get_contents($world->chert->baseUrl . '/chats/x', false, stream_context_create(['http' => $http + ['content' => '{}']]));
            try {
                $told = $world->verify();
                $this->assertNotSame(Rules::Error, $rules);
                $this->assertSame($rules === Rules::Warn, str_contains($told, '`chert.signature-alone`'));
            } catch (Unmet $unmet) {
                $this->assertSame(Rules::Error, $rules);
                $this->assertStringContainsString('error: `chert.signature-alone`', $unmet->getMessage());
            }
            $world->end();
        }
    }

    public function testExpectationsOfAScenarioAreVerified(): void
    {
        $expected = [['name' => 'renamed', 'on' => 'chert.chats.rename']];
        $world = Server::shared()->world(expect: $expected, rules: Rules::Off);
        try {
            $world->verify();
            $this->fail('nothing is told');
        } catch (Unmet $unmet) {
            $this->assertStringContainsString('`renamed` is not met', $unmet->getMessage());
            $this->assertStringContainsString('the client made no call', $unmet->getMessage());
        }
        $world->end();
    }

    #[Standin(scenario: self::WEBHOOK)]
    public function testEventsAreTakenInTheirOrder(): void
    {
        $this->assertNull($this->standin->take());
        $this->write('one');
        $this->write('two');
        $first = $this->standin->take();
        $this->assertSame('POST', $first->method);
        $this->assertStringContainsString('one', $first->form()['data']['MESSAGES'][0]['message']['text']);
        $first->answer(200);
        $second = $this->standin->take();
        $this->assertStringContainsString('two', $second->body);
        $this->assertNull($this->standin->take());
        $second->answer(200);
        $this->assertStringContainsString('OnImConnectorMessageAdd', $this->standin->explain('e1'));
        $this->assertStringContainsString('event e2', $this->standin->conversation());
    }

    #[Standin(scenario: self::WEBHOOK)]
    public function testAHandlerThatThrowsHasAnswered500(): void
    {
        $this->write('one');
        try {
            $this->standin->deliver(fn (Event $event) => throw new LogicException('a bug'));
            $this->fail('the exception is lost');
        } catch (LogicException $thrown) {
            $this->assertSame('a bug', $thrown->getMessage());
        }
        $this->assertSame(500, $this->standin->outbox()[0]['attempts'][0]['status']);
        $this->assertSame(0, $this->standin->deliver(fn (Event $event) => 200));
    }

    #[Standin(scenario: self::WEBHOOK)]
    public function testAWebhookOfChertIsSignedAndRetried(): void
    {
        $this->standin->act('chert.recipient.write', chat: 'ch_01H', from: '+14155550100', text: 'Hi');
        $event = $this->standin->take();
        $this->assertSame('Hi', $event->json()['data']['message']['parts'][0]['value'] ?? $event->json()['data']['text'] ?? null);
        $this->assertArrayHasKey('x-chert-signature', $event->headers);
        $event->answer(503);
        $this->assertSame(1, $this->standin->deliver(fn (Event $event) => 503), 'once, though it waits again');
        $this->assertSame(1, $this->standin->deliver(function (Event $event): void {
        }));
        $this->assertSame('delivered', $this->standin->outbox()[0]['state']);
        $this->assertSame([503, 503, 200], array_column($this->standin->outbox()[0]['attempts'], 'status'));
    }

    public function testAHandlerWithAUrlIsCalled(): void
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        $url = 'http://' . stream_socket_get_name($listener, false) . '/events';
        $world = Server::shared()->world(scenario: self::WEBHOOK, handlers: ['app' => $url], rules: Rules::Off);
        $child = pcntl_fork();
        if ($child === 0) {
            $connection = stream_socket_accept($listener);
            while (!in_array(fgets($connection), ["\r\n", false], true)) {
            }
            fwrite($connection, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            fclose($connection);
            // No code of PHPUnit runs at the end of this process.
            posix_kill(posix_getpid(), SIGKILL);
        }
        fclose($listener);
        $world->act('bitrix24.operator.write', connector: 'myconnector', line: 107, chat: 'channel-123', text: 'Hello');
        $world->waitFor(on: 'bitrix24.OnImConnectorMessageAdd', answered: ['status' => '2xx']);
        pcntl_waitpid($child, $status);
        $this->assertSame(204, $world->outbox()[0]['attempts'][0]['status']);
        $this->assertSame(0, $world->deliver(fn (Event $event) => 200));
        $world->end();
    }

    #[Standin(scenario: self::WEBHOOK)]
    public function testAClockIsMoved(): void
    {
        $this->assertSame('2026-03-17T14:52:41Z', $this->standin->clock->now());
        $this->standin->clock->advance('30s');
        $this->assertSame('2026-03-17T14:53:11Z', $this->standin->clock->now());
        $this->standin->clock->set('2026-03-17T16:00:00+02:00');
        $this->assertSame('2026-03-17T14:00:00Z', $this->standin->clock->now());
        $this->assertFalse($this->standin->clock->next());
    }

    public function testWaitForGivesUp(): void
    {
        $this->rename('A name');
        $this->standin->waitFor(on: 'chert.chats.rename');
        $this->expectException(Unmet::class);
        $this->expectExceptionMessage('2 calls');
        $this->standin->waitFor(on: 'chert.chats.rename', within: '1ms', calls: ['exactly' => 2]);
    }

    public function testHttpsIsTrustedByStreams(): void
    {
        $before = getenv('SSL_CERT_FILE');
        $server = Server::start(tls: true);
        $world = $server->world();
        $this->assertStringStartsWith('https://localhost:', $world->bitrix24->httpsWebhookUrl);
        $this->assertFileExists($world->caFile);
        $told = json_decode(file_get_contents($world->bitrix24->httpsWebhookUrl . 'profile.json'), true);
        $this->assertSame('1', $told['result']['ID']);
        $this->assertSame(substr($world->chert->baseUrl, strlen($world->url)), parse_url($world->chert->httpsBaseUrl, PHP_URL_PATH));
        $folder = dirname($world->caFile);
        $server->stop();
        $this->assertDirectoryDoesNotExist($folder);
        $this->assertSame($before, getenv('SSL_CERT_FILE'));
    }

    public function testAServerThatDoesNotStartSaysWhy(): void
    {
        $before = glob(sys_get_temp_dir() . '/standin-*');
        $this->assertStringContainsString('cannot read `nope.yaml`', $this->problem(fn () => Server::start('nope.yaml')));
        $this->assertStringContainsString("unexpected argument '--nope'", $this->problem(fn () => Server::start(flags: ['--nope'])));
        $this->assertStringContainsString('no server answers at', $this->problem(fn () => Server::at('http://127.0.0.1:9')->world()));
        $program = getenv('STANDIN_BIN');
        $path = getenv('PATH');
        try {
            putenv('STANDIN_BIN=/nowhere/standin');
            $this->assertStringContainsString('/nowhere/standin', $this->problem(fn () => Server::start()));
            putenv('STANDIN_BIN');
            putenv('PATH=/nowhere');
            $this->assertStringContainsString('pip install standin-mock', $this->problem(fn () => Server::start()));
        } finally {
            putenv("STANDIN_BIN=$program");
            putenv("PATH=$path");
        }
        $this->assertSame([], array_diff(glob(sys_get_temp_dir() . '/standin-*'), $before), 'nothing is left behind');
    }

    public function testAForkedProcessDoesNotEndTheServer(): void
    {
        $server = Server::start();
        $child = pcntl_fork();
        if ($child === 0) {
            $server->stop();
            // No code of PHPUnit runs at the end of this process.
            posix_kill(posix_getpid(), SIGKILL);
        }
        pcntl_waitpid($child, $status);
        $world = $server->world();
        $world->end();
        $server->stop();
        $this->assertStringContainsString('no server answers', $this->problem(fn () => $server->world()));
    }

    public function testWarningsAreToldOnceForAllTests(): void
    {
        $report = "warning: a rule\n    exchange 1: something";
        $told = Epilogue::text([$report => ['A::a', 'A::b', 'A::c', 'A::d', 'A::e'], 'another' => ['B::b']]);
        $this->assertSame("\nstandin: in A::a, A::b, A::c and 2 more\n$report\n\nstandin: in B::b\nanother\n", $told);
    }
}
