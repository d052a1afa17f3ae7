<?php

declare(strict_types=1);

namespace Standin;

/**
 * The client did not do what the test expects, or broke a rule. PHPUnit counts every `AssertionError` as a failure of the test, not as an
 * error.
 */
final class Unmet extends \AssertionError
{
}
