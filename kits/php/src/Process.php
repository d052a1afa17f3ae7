<?php

declare(strict_types=1);

namespace Standin;

/**
 * The process of a server. It ends when the pipe to its standard input closes, so it outlives this process by no means, not even by
 * SIGKILL. PHP gives the pipe to no other child.
 *
 * @internal
 */
final class Process
{
    /** How long a start and an end may take, in seconds. */
    private const TIME_LIMIT = 20;

    /**
     * @param resource            $handle
     * @param resource            $input  the pipe to its standard input
     * @param array{int, ?int}    $ports  those of http and https
     */
    private function __construct(
        private $handle,
        private $input,
        private readonly int $owner,
        private readonly string $folder,
        public readonly array $ports,
        public readonly ?string $caFile,
        private readonly ?Trust $trust,
    ) {
        // Objects in a static property are destroyed after this, or not at all after a fatal error.
        $ending = \WeakReference::create($this);
        register_shutdown_function(static fn () => $ending->get()?->stop());
    }

    /** @param list<string> $arguments what follows `serve` */
    public static function start(string $program, array $arguments, bool $tls): self
    {
        $folder = sys_get_temp_dir() . '/standin-' . bin2hex(random_bytes(8));
        if (!@mkdir($folder, 0700)) {
            throw new Problem("the folder $folder cannot be made");
        }
        $command = [$program, 'serve', ...$arguments, '--listen', '127.0.0.1:0', '--port-file', "$folder/port"];
        array_push($command, '--log', 'off', '--judge', '--until-stdin-closes');
        if ($tls) {
            array_push($command, '--tls-listen', '127.0.0.1:0', '--tls-ca-out', "$folder/ca.pem");
        }
        $streams = [['pipe', 'r'], ['file', '/dev/null', 'w'], ['file', "$folder/errors", 'w']];
        $handle = proc_open($command, $streams, $pipes);
        if ($handle === false) {
            throw new Problem("`$program` cannot be started");
        }
        try {
            $ports = self::ports($handle, $folder);
        } catch (Problem $problem) {
            $told = trim((string) @file_get_contents("$folder/errors"));
            proc_terminate($handle, 9);
            fclose($pipes[0]);
            proc_close($handle);
            self::remove($folder);
            throw new Problem('`' . implode(' ', $command) . "` {$problem->getMessage()}\n$told");
        }
        // The program needs neither file any more, and after a SIGKILL nobody would remove them.
        self::remove($folder, $tls ? ['ca.pem'] : []);
        $caFile = $tls ? "$folder/ca.pem" : null;
        $trust = $caFile === null ? null : Trust::in($caFile, "$folder/trusted.pem");
        return new self($handle, $pipes[0], (int) getmypid(), $folder, $ports, $caFile, $trust);
    }

    public function __destruct()
    {
        $this->stop();
    }

    /** Ends the server, and waits for its end. A process that was forked off does nothing. */
    public function stop(): void
    {
        if (!is_resource($this->handle) || $this->owner !== getmypid()) {
            return;
        }
        fclose($this->input);
        $limit = hrtime(true) + self::TIME_LIMIT * 1_000_000_000;
        while (proc_get_status($this->handle)['running']) {
            if (hrtime(true) > $limit) {
                proc_terminate($this->handle, 9);
            }
            usleep(500);
        }
        proc_close($this->handle);
        $this->trust?->end();
        self::remove($this->folder);
    }

    /**
     * The ports of http and https, once the server is ready.
     *
     * @param resource $handle
     * @return array{int, ?int}
     */
    private static function ports($handle, string $folder): array
    {
        $limit = hrtime(true) + self::TIME_LIMIT * 1_000_000_000;
        while (hrtime(true) < $limit) {
            $status = proc_get_status($handle);
            if (!$status['running']) {
                throw new Problem("ended with exit code $status[exitcode]");
            }
            $text = (string) @file_get_contents("$folder/port");
            if (str_ends_with($text, "\n")) {
                $lines = explode("\n", trim($text));
                return [(int) $lines[0], isset($lines[1]) ? (int) $lines[1] : null];
            }
            usleep(500);
        }
        throw new Problem('was not ready after ' . self::TIME_LIMIT . ' s');
    }

    /** @param list<string> $except files that stay, and with them the folder */
    private static function remove(string $folder, array $except = []): void
    {
        foreach (array_diff((array) @scandir($folder), ['.', '..', ...$except]) as $file) {
            @unlink("$folder/$file");
        }
        if ($except === []) {
            @rmdir($folder);
        }
    }
}
