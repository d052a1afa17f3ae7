<?php

declare(strict_types=1);

namespace Standin;

/** A fault that a test has added. */
final class Fault
{
    /** @internal */
    public function __construct(private readonly Control $control, public readonly string $name)
    {
    }

    /** How often the fault has fired. */
    public function fired(): int
    {
        return $this->show()['fired'];
    }

    /** The fault with its counters, as the control interface shows it. */
    public function show(): array
    {
        return $this->control->ask('GET', $this->path());
    }

    /** The fault fires no more until it is switched on. */
    public function off(): void
    {
        $this->control->ask('POST', $this->path() . '/off');
    }

    public function on(): void
    {
        $this->control->ask('POST', $this->path() . '/on');
    }

    /** Counts the fault's calls anew, so that it fires once more. */
    public function again(): void
    {
        $this->control->ask('POST', $this->path() . '/again');
    }

    public function remove(): void
    {
        $this->control->ask('DELETE', $this->path());
    }

    private function path(): string
    {
        return '/faults/' . rawurlencode($this->name);
    }
}
