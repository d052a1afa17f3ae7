<?php

declare(strict_types=1);

namespace Standin\PHPUnit;

use PHPUnit\Framework\AssertionFailedError;
use PHPUnit\Framework\Attributes\After;
use PHPUnit\Framework\Attributes\Before;
use PHPUnit\Framework\Attributes\PostCondition;
use PHPUnit\Framework\IncompleteTest;
use PHPUnit\Framework\SkippedTest;
use PHPUnit\Framework\TestCase;
use Standin\Rules;
use Standin\Server;
use Standin\Unmet;
use Standin\World;

/**
 * Gives each test of a class a namespace, `$this->standin`, on one server for all tests. At the end of the test its expectations and the
 * rules of conduct are verified. If a test fails, the conversation is shown.
 */
trait UsesStandin
{
    protected World $standin;
    /** Whether the test got to its end, and what is verified there is well. */
    private bool $standinVerified = false;
    /** The conversation of a test that has failed, until it is shown. */
    private ?string $standinConversation = null;

    /** @before */
    #[Before]
    protected function beginStandin(): void
    {
        $wanted = Standin::of($this, $this->standinMethod());
        $this->standin = Server::shared()->world(
            name: $this->standinMethod(),
            scenario: $wanted->scenario,
            seed: $wanted->seed,
            handlers: $wanted->handlers ?? [],
            rules: $wanted->rules ?? Rules::fromEnvironment(),
        );
    }

    /** @postCondition */
    #[PostCondition]
    protected function verifyStandin(): void
    {
        // One assertion for each expectation, and one for the rules.
        $this->addToAssertionCount($this->standin->expectations() + 1);
        $warnings = $this->standin->verify();
        $this->standinVerified = true;
        if ($warnings !== '') {
            $this->standinNote($warnings);
        }
    }

    /** @after */
    #[After]
    protected function endStandin(): void
    {
        if (!isset($this->standin)) {
            return;
        }
        if (!$this->standinVerified) {
            $this->standinConversation = $this->standin->conversation();
        }
        $this->standin->end();
    }

    /** PHPUnit 10.1 and later: what an exception in a test says. */
    protected function transformException(\Throwable $t): \Throwable
    {
        if (isset($this->standin)) {
            $this->standinTell($t, $this->standin->conversation());
        }
        return $t;
    }

    /** PHPUnit 9: what a failure says. Later versions have written it down before, so that the conversation is printed at the end. */
    protected function onNotSuccessfulTest(\Throwable $t): never
    {
        $isTold = $t instanceof SkippedTest || $t instanceof IncompleteTest || $t instanceof Unmet
            || str_contains($t->getMessage(), 'The conversation:');
        if (!$isTold && $this->standinConversation !== null) {
            if (method_exists($this, 'name')) {
                $this->standinNote("The conversation:\n\n$this->standinConversation");
            } else {
                $this->standinTell($t, $this->standinConversation);
            }
        }
        // PHPUnit 9 prints an `AssertionError` twice, with everything that was called.
        parent::onNotSuccessfulTest($t instanceof Unmet && !method_exists($this, 'name') ? $this->standinFailure($t) : $t);
    }

    /** The same as a failed assertion of PHPUnit, at the same place of the test. */
    private function standinFailure(Unmet $unmet): AssertionFailedError
    {
        $failure = new AssertionFailedError($unmet->getMessage());
        $trace = array_map(static fn (array $call) => array_diff_key($call, ['args' => 1]), $unmet->getTrace());
        $places = ['file' => $unmet->getFile(), 'line' => $unmet->getLine(), 'serializableTrace' => $trace];
        foreach ($places as $member => $value) {
            $property = new \ReflectionProperty($failure, $member);
            $property->setValue($failure, $value);
        }
        return $failure;
    }

    /** Adds the conversation to what an exception says. */
    private function standinTell(\Throwable $thrown, string $conversation): void
    {
        $message = new \ReflectionProperty($thrown instanceof \Exception ? \Exception::class : \Error::class, 'message');
        $message->setValue($thrown, rtrim($thrown->getMessage()) . "\n\nThe conversation:\n\n" . rtrim($conversation));
    }

    /** Has a text printed at the end, unless the test has a process of its own: PHPUnit takes what that prints for an error. */
    private function standinNote(string $text): void
    {
        $isolation = new \ReflectionProperty(TestCase::class, 'inIsolation');
        if ($isolation->getValue($this) !== true) {
            Epilogue::note(static::class . '::' . $this->standinMethod(), $text);
        }
    }

    /** The name of the test's method. PHPUnit 10 renamed `getName`. */
    private function standinMethod(): string
    {
        return method_exists($this, 'name') ? $this->name() : $this->getName(false);
    }
}
