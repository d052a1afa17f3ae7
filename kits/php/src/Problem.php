<?php

declare(strict_types=1);

namespace Standin;

/** The program is missing, the server does not start, or it refuses what a test asks. */
final class Problem extends \RuntimeException
{
}
