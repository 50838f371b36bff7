# PowerShell completion for hallpass
Register-ArgumentCompleter -Native -CommandName hallpass -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    # The words are read and not evaluated: what is typed must not run because of a tab.
    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        if ($element.Extent.EndOffset -ge $cursorPosition) { continue }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
        else { $element.Extent.Text }
    })
    $program = (Get-Command -Name hallpass -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source
    if (-not $program) { return }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        # Through the environment, where no argument loses its quotes and no empty one gets lost.
        $env:HALLPASS_WORDS = ($words + "$wordToComplete") -join "`n"
        $lines = & $program complete powershell 2>$null
    } finally {
        Remove-Item Env:\HALLPASS_WORDS -ErrorAction Ignore
        [Console]::OutputEncoding = $encoding
    }
    foreach ($line in $lines) {
        $inserted, $shown, $text = $line -split "`t", 3
        if (-not $text) { $text = $shown }
        [System.Management.Automation.CompletionResult]::new($inserted, $shown, 'ParameterValue', $text)
    }
}
