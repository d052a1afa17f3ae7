<?php
// PHP reads the body of every event with `parse_str`, as `b24phpsdk` does, and gets the data of the event. The bodies come from the
// running server.
$control = getenv('STANDIN_URL') . '/__standin';

function ask(string $method, string $url, array|string|null $body = null): array
{
    $content = is_array($body) ? json_encode($body) : (string) $body;
    $http = ['method' => $method, 'content' => $content, 'header' => 'content-type: application/json', 'ignore_errors' => true];
    $answer = json_decode(file_get_contents($url, false, stream_context_create(['http' => $http])), true);
    if (isset($answer['standin']) || isset($answer['error'])) throw new Exception("$method $url: " . json_encode($answer));
    return $answer;
}

function check(string $what, mixed $found, mixed $expected): void
{
    if ($found === $expected) return;
    echo "FAILED: $what\n  found:    ", json_encode($found), "\n  expected: ", json_encode($expected), "\n";
    exit(1);
}

/** An event as `b24phpsdk` accepts it; null when it is not genuine. At the installation there is no token to compare with. */
function accepted(string $body, ?string $application_token): ?array
{
    parse_str($body, $event);
    foreach (['event', 'ts', 'auth'] as $name) {
        if (!isset($event[$name])) return null;
    }
    if ($event['event'] === 'ONAPPINSTALL') return $event;
    return hash_equals((string) $application_token, $event['auth']['application_token']) ? $event : null;
}

$listener = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($listener, false);
$names = ['MessageAdd', 'MessageUpdate', 'MessageDelete', 'DialogStart', 'DialogFinish', 'StatusDelete', 'LineDelete'];
$events = [...array_map(fn ($name) => "OnImConnector$name", $names), 'OnAppTest', 'OnAppInstall', 'OnAppUninstall'];
$handlers = implode("\n", array_map(fn ($event) => "    - {event: $event, name: app}", $events));

function scenario(string $edition): string
{
    global $handlers, $address;
    return <<<YAML
standin: 1
name: events for PHP
seed: 1
clock: {virtual: "2026-03-17T14:52:41Z"}
bitrix24:
  edition: $edition
  applications:
    - {client_id: local.app, client_secret: app-secret-1, user: 27, installed: false}
  users: [{id: 27, name: Klaus, last_name: Weber}]
  credentials: [{token: access-token-1, refresh_token: refresh-token-1, client_id: local.app}]
  connectors: [{id: myconnector, chat_group: true, placement_handler: "http://$address/settings?app=1"}]
  lines: [{id: 107, connectors: [myconnector], close_term: 15}]
  chats:
    - {connector: myconnector, line: 107, id: channel-123, name: Support, chat_id: 1807, sessions: [{id: 3281}]}
  handlers:
$handlers
YAML;
}

foreach (['documented', 'live'] as $edition) {
    ask('POST', "$control/scenario", scenario($edition));
    $act = fn (string $name, array $with = []) => ask('POST', "$control/actions", ['do' => "bitrix24.$name", 'with' => (object) $with]);
    $call = fn (string $method, array $with = []) =>
        ask('POST', getenv('STANDIN_URL') . "/rest/$method", ['auth' => 'access-token-1'] + $with);
    $chat = ['connector' => 'myconnector', 'line' => 107, 'chat' => 'channel-123'];
    $newest = 0;
    // The body of the next event, which has this number among all events.
    $body = function () use ($control, &$newest): string {
        $newest++;
        $taken = ask('POST', "$control/outbox/e$newest/take");
        check('the content type', $taken['headers']['content-type'], 'application/x-www-form-urlencoded');
        check('the sender', $taken['headers']['user-agent'], 'Bitrix24 Webhook Engine');
        ask('POST', "$control/outbox/e$newest/answer", ['status' => 200]);
        return $taken['body'];
    };

    $act('app.install');
    $install = accepted($body(), null);
    $token = $install['auth']['application_token'];
    check('the installation', $install['data'], ['VERSION' => '1', 'ACTIVE' => 'Y', 'INSTALLED' => 'Y', 'LANGUAGE_ID' => 'en']);
    check('it has a refresh token', isset($install['auth']['refresh_token']), true);

    $received = function (string $name, mixed $data) use ($body, $token, $edition): array {
        $form = $body();
        check("$name of another portal", accepted($form, 'another token'), null);
        $event = accepted($form, $token);
        check("$name in $edition", $event['event'] ?? null, $name);
        check("data of $name in $edition", $event['data'], $data);
        check("ts of $name", $event['ts'], '1773759161');
        check("members of $name", isset($event['auth']['domain'], $event['auth']['member_id'], $event['auth']['client_endpoint']), true);
        return $event;
    };

    // No value of a query is lost or becomes another one.
    $query = ['text' => "ä & b=c+d%20\"'[x]\n", 'list' => ['1', '2'], 'deep' => ['a' => ['b' => '']], 'a.b' => 'dot', '0' => 'zero'];
    $call('event.test', $query);
    $event = $received('ONAPPTEST', ['QUERY' => $query, 'LANGUAGE_ID' => 'en']);
    check('it has a refresh token', isset($event['auth']['refresh_token']), true);

    $text = "Grüße & Küsse; 100 % + 1 = ?\n[url=https://example.com/?a[0]=1&b=2]Link[/url] 🚀";
    $act('operator.write', $chat + ['text' => $text]);
    $message = fn (array $message, int $id = 86497) =>
        ['im' => ['chat_id' => '1807', 'message_id' => "$id"], 'message' => $message, 'chat' => ['id' => 'channel-123']];
    $about = fn (array ...$messages) => ['CONNECTOR' => 'myconnector', 'LINE' => '107', 'MESSAGES' => $messages];
    $added = $received(
        'ONIMCONNECTORMESSAGEADD',
        $about($message(['user_id' => '27', 'text' => "[b]Klaus Weber:[/b] [br]$text"]))
    );
    // What an SDK makes of it: a token without a refresh token, which works.
    check('no refresh token', isset($added['auth']['refresh_token']), false);
    $profile = ask('POST', getenv('STANDIN_URL') . '/rest/profile', ['auth' => $added['auth']['access_token']]);
    check('the user of the token', $profile['result']['ID'], $added['auth']['user_id']);

    $ids = ['ext & 1', 'ext[2]'];
    $confirmed = ['im' => $added['data']['MESSAGES'][0]['im'], 'message' => ['id' => $ids], 'chat' => ['id' => 'channel-123']];
    $call('imconnector.send.status.delivery', ['CONNECTOR' => 'myconnector', 'LINE' => 107, 'MESSAGES' => [$confirmed]]);
    $act('operator.edit', $chat + ['text' => '']);
    $received('ONIMCONNECTORMESSAGEUPDATE', $about($message(['id' => $ids, 'text' => '[b]Klaus Weber:[/b]'])));
    $act('operator.delete', $chat);
    $received('ONIMCONNECTORMESSAGEDELETE', $about(...array_map(fn ($id) => $message(['id' => $id]), $ids)));

    $session = fn (string $id, string $closed, string $parent) => ['CONNECTOR' => 'myconnector', 'LINE' => '107', 'DATA' => [[
        'connector' => ['connector_id' => 'myconnector', 'line_id' => '107', 'chat_id' => 'channel-123', 'user_id' => '0'],
        'session' => ['id' => $id, 'closed' => $closed, 'parent_id' => $parent, 'close_term' => '15'],
        'chat' => ['id' => 'channel-123'],
        'user' => ['id' => '0'],
    ]]];
    $handler = $edition === 'documented' ? 'eventId' : 'event_handler_id';
    $act('operator.close', $chat);
    $event = $received('ONIMCONNECTORDIALOGFINISH', $session('3281', 'Y', '0'));
    check("the handler's ID in $edition", $event[$handler] ?? null, '559');
    $written = ['user' => ['id' => 'u'], 'message' => ['text' => 'Hi'], 'chat' => ['id' => 'channel-123']];
    $call('imconnector.send.messages', ['CONNECTOR' => 'myconnector', 'LINE' => 107, 'MESSAGES' => [$written]]);
    $event = $received('ONIMCONNECTORDIALOGSTART', $session('3282', 'N', '3281'));
    check("the refresh token in $edition", isset($event['auth']['refresh_token']), $edition === 'documented');

    $act('settings.open', ['connector' => 'myconnector', 'line' => 107]);
    $newest++;
    $connection = stream_socket_accept($listener, 20);
    $head = '';
    while (!str_ends_with($head, "\r\n\r\n")) $head .= fgets($connection);
    preg_match('/content-length: (\d+)/i', $head, $length);
    parse_str(stream_get_contents($connection, (int) $length[1]), $page);
    fwrite($connection, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    fclose($connection);
    preg_match('/^POST (\S+)/', $head, $target);
    parse_str(parse_url($target[1], PHP_URL_QUERY), $address_of_page);
    check('the query of the page', array_keys($address_of_page), ['app', 'DOMAIN', 'PROTOCOL', 'LANG', 'APP_SID']);
    check('the members of the page', array_keys($page), [
        'AUTH_ID', 'AUTH_EXPIRES', 'REFRESH_ID', 'SERVER_ENDPOINT', 'member_id', 'status', 'PLACEMENT', 'PLACEMENT_OPTIONS',
    ]);
    check('the placement', $page['PLACEMENT'], 'SETTING_CONNECTOR');
    $options = ['CONNECTOR' => 'myconnector', 'LINE' => 107, 'ACTIVE_STATUS' => 1];
    check('the options of the page', json_decode($page['PLACEMENT_OPTIONS'], true), $options);
    check('the page is of the same portal', $page['member_id'], $install['auth']['member_id']);

    $act('line.delete', ['line' => 107]);
    $received('ONIMCONNECTORSTATUSDELETE', ['connector' => 'myconnector', 'line' => '107']);
    $received('ONIMCONNECTORLINEDELETE', '107');
    $act('app.uninstall', ['clean' => true]);
    $event = $received('ONAPPUNINSTALL', ['CLEAN' => '1', 'LANGUAGE_ID' => 'en']);
    check('tokens are dead by then', isset($event['auth']['access_token']), false);
}
echo "ok: PHP reads every event\n";
