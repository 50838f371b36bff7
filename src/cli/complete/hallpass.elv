# Elvish completion for hallpass
set edit:completion:arg-completer[hallpass] = {|@words|
  e:hallpass complete elvish -- $@words 2>/dev/null | from-lines
}
