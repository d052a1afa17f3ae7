<?php

use PHPUnit\Framework\TestCase;
use Standin\PHPUnit\UsesStandin;

/** Waits for ever, beside a child that would keep an inherited pipe open. */
final class HangsTest extends TestCase
{
    use UsesStandin;

    public function testItHangs(): void
    {
        $child = proc_open(['sleep', '60'], [], $pipes);
        file_put_contents(getenv('HANGS'), proc_get_status($child)['pid']);
        proc_close($child);
    }
}
