<?php

declare(strict_types=1);

namespace Standin\PHPUnit;

use Standin\Rules;

/**
 * What the namespace of a test is made from, at a test method or at its class: `#[Standin(scenario: __DIR__ . '/events.yaml')]`. What a
 * method does not say, its class says.
 */
#[\Attribute(\Attribute::TARGET_CLASS | \Attribute::TARGET_METHOD)]
final class Standin
{
    /**
     * @param ?string                $scenario a scenario file, or a text in YAML of several lines
     * @param ?int                   $seed     the seed of all random draws
     * @param ?array<string, string> $handlers URLs of the handlers that the scenario knows by name
     * @param ?Rules                 $rules    what a broken rule does; without it, what STANDIN_RULES says
     */
    public function __construct(
        public readonly ?string $scenario = null,
        public readonly ?int $seed = null,
        public readonly ?array $handlers = null,
        public readonly ?Rules $rules = null,
    ) {
    }

    /** What the attributes at a test and at its class say together. */
    public static function of(object $test, string $method): self
    {
        $found = [];
        $class = new \ReflectionClass($test);
        foreach ([$class->hasMethod($method) ? $class->getMethod($method) : null, ...self::line($class)] as $place) {
            $found[] = ($place?->getAttributes(self::class)[0] ?? null)?->newInstance();
        }
        $first = static function (string $member) use ($found): mixed {
            foreach ($found as $attribute) {
                if ($attribute?->$member !== null) {
                    return $attribute->$member;
                }
            }
            return null;
        };
        return new self($first('scenario'), $first('seed'), $first('handlers'), $first('rules'));
    }

    /** @return list<\ReflectionClass> a class and its parents */
    private static function line(\ReflectionClass $class): array
    {
        $line = [];
        for ($one = $class; $one !== false; $one = $one->getParentClass()) {
            $line[] = $one;
        }
        return $line;
    }
}
