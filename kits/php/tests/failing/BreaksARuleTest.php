<?php

use PHPUnit\Framework\TestCase;
use Standin\PHPUnit\UsesStandin;

/** Each of these tests fails. */
final class BreaksARuleTest extends TestCase
{
    use UsesStandin;

    public function testARuleIsBroken(): void
    {
        $this->call(['x-chert-signature: v1,1,0', "x-standin-namespace: {$this->standin->name}"]);
        $this->assertTrue(true);
    }

    public function testAnExpectationIsNotMet(): void
    {
        $this->standin->expect(on: 'chert.chats.rename', calls: ['exactly' => 2]);
        $this->call(["authorization: Bearer {$this->standin->chert->signingSecret}"]);
    }

    public function testAnExpectationIsVerifiedInTheMiddle(): void
    {
        $this->standin->expect(on: 'chert.chats.rename', calls: 'never');
        $this->call(["authorization: Bearer {$this->standin->chert->signingSecret}"]);
        $this->standin->verify(); // the report names this line
        $this->fail('it goes on');
    }

    public function testAnAssertionFails(): void
    {
        $this->call(["authorization: Bearer {$this->standin->chert->signingSecret}"]);
        $this->assertSame('Launch', $this->standin->chat('ch_01H')['display_name']);
    }

    public function testAnExceptionIsThrown(): void
    {
        $this->call(["authorization: Bearer {$this->standin->chert->signingSecret}"]);
        throw new RuntimeException('thrown by the client');
    }

    private function call(array $fields): void
    {
        $fields[] = 'content-type: application/json';
        $http = ['method' => 'PUT', 'header' => $fields, 'content' => '{"display_name": "A name"}', 'ignore_errors' => true];
        file_get_contents($this->standin->chert->baseUrl . '/chats/ch_01H', false, stream_context_create(['http' => $http]));
    }
}
