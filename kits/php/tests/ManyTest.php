<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Standin\PHPUnit\UsesStandin;

/** Thirty tests of one server, each with a chat, a fault and expectations of its own. */
final class ManyTest extends TestCase
{
    use UsesStandin;

    public static function numbers(): array
    {
        return array_map(fn ($number) => [$number], range(1, 30));
    }

    /** @dataProvider numbers */
    #[PHPUnit\Framework\Attributes\DataProvider('numbers')]
    public function testANameIsOfThisTestAlone(int $number): void
    {
        $failing = $number % 3;
        if ($failing > 0) {
            $this->standin->fault(on: 'chert.chats.rename', error: '4001', when: ['first' => $failing]);
        }
        $this->standin->expect(on: 'chert.chats.rename', calls: ['exactly' => $failing + 1]);
        $this->assertSame('Launch', $this->standin->chat('ch_01H')['display_name']);
        rename_group($this->standin->chert->baseUrl, $this->standin->chert->signingSecret, 'ch_01H', "Crew $number");
        $this->assertSame("Crew $number", $this->standin->chat('ch_01H')['display_name']);
        $this->assertCount($failing + 1, $this->standin->journal());
    }
}
