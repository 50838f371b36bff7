#compdef hallpass
_hallpass() {
    local line value text
    local -a whole whole_texts open open_texts
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        text=${line#*$'\t'}
        [[ -n $text ]] && text="$value  -- $text" || text=$value
        # After a folder, and after a name that wants a value, the word goes on.
        if [[ $value == *[/=] ]]; then
            open+=("$value")
            open_texts+=("$text")
        else
            whole+=("$value")
            whole_texts+=("$text")
        fi
    done < <(command hallpass complete zsh -- "${(@)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)
    (( $#whole )) && compadd -l -V hallpass -d whole_texts -a whole
    (( $#open )) && compadd -l -V hallpass-open -S '' -d open_texts -a open
    (( $#whole || $#open ))
}
if [[ ${funcstack[1]} == _hallpass ]]; then
    _hallpass "$@"
else
    compdef _hallpass hallpass
fi
