<?php

// php extract.php PAGE FOLDER: writes each block of code of a page that names its file in its first lines to that file.
[, $page, $folder] = $argv;
preg_match_all('/^```(?:php|yaml|xml)\n(?=(?:<\?php\n)?(?:\/\/|#|<!--) (\S+))(.*?)^```$/ms', file_get_contents($page), $blocks, PREG_SET_ORDER);
foreach ($blocks as [, $path, $text]) {
    // An XML declaration would have to come before the comment.
    @mkdir(dirname("$folder/$path"), 0777, true);
    file_put_contents("$folder/$path", $text);
    echo "$path\n";
}
