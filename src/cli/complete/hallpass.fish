# fish completion for hallpass
function __hallpass_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l word (commandline --current-token --cut-at-cursor)
    command hallpass complete fish -- $words "$word" 2>/dev/null
end
complete --command hallpass --no-files --keep-order --arguments '(__hallpass_complete)'
