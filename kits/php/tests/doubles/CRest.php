<?php

/** Calls as CRest 1.33 does with a token: the settings that it reads, the URL and the form that it makes. */
class CRest
{
    public static function call(string $method, array $params = []): array
    {
        $settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);
        $known = !empty($settings['access_token']) && !empty($settings['domain']) && !empty($settings['refresh_token'])
            && !empty($settings['application_token']) && !empty($settings['client_endpoint']);
        if (!$known || $settings['is_web_hook'] === 'Y') {
            return ['error' => 'no_install_app'];
        }
        $body = http_build_query($params + ['auth' => $settings['access_token']]);
        $http = ['method' => 'POST', 'header' => 'content-type: application/x-www-form-urlencoded', 'content' => $body, 'ignore_errors' => true];
        $url = $settings['client_endpoint'] . $method . '.json';
        return json_decode(file_get_contents($url, false, stream_context_create(['http' => $http])), true);
    }
}
