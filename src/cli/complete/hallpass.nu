# Nushell completion for hallpass: it goes before the external completer that is there.
$env.config.completions.external.completer = do {
    let earlier = ($env.config.completions.external.completer? | default null)
    {|spans|
        if ($spans | first | path parse | get stem) == "hallpass" {
            try { ^hallpass complete nushell -- ...$spans | from json } catch { null }
        } else if $earlier != null {
            do $earlier $spans
        }
    }
}
