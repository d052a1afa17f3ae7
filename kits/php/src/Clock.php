<?php

declare(strict_types=1);

namespace Standin;

/** The clock of a namespace. Only a virtual one can be moved: `clock: {virtual: now}` in the scenario. */
final class Clock
{
    /** @internal */
    public function __construct(private readonly Control $control)
    {
    }

    /** The time of the namespace, such as `2026-03-17T15:52:41Z`. */
    public function now(): string
    {
        return $this->control->ask('GET', '/clock')['now'];
    }

    /** Lets time pass, such as `30s`. What becomes due meanwhile happens. */
    public function advance(string $length): void
    {
        $this->control->ask('POST', '/clock', ['advance' => $length]);
    }

    /** Goes to the next instant at which something is due; false if nothing is. */
    public function next(): bool
    {
        return $this->control->ask('POST', '/clock', ['advance' => 'next'])['was_due'] ?? true;
    }

    /** Goes to an instant, such as `2026-03-17T16:00:00+02:00`. */
    public function set(string $instant): void
    {
        $this->control->ask('POST', '/clock', ['set' => $instant]);
    }
}
