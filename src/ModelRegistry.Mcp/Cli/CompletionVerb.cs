namespace ModelRegistry.Mcp.Cli;

/// <summary><c>completion</c>: a script that lets a shell complete verbs, options, stages, models, versions and promotions.</summary>
internal static class CompletionVerb
{
    // Each hands the line typed so far, without the program's name, to the program's own [suggest] directive.
    private const string Bash = """
        _modelregistry() {
          local IFS=$'\n' line="${COMP_LINE#* }" skipped
          skipped=$(( ${#COMP_LINE} - ${#line} ))
          COMPREPLY=( $(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$(( COMP_POINT - skipped ))]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o default -F _modelregistry modelregistry
        """;

    private const string Zsh = """
        #compdef modelregistry
        _modelregistry() {
          local line="${BUFFER#* }" skipped
          skipped=$(( ${#BUFFER} - ${#line} ))
          local -a found
          found=("${(@f)$(${words[1]} "[suggest:$(( CURSOR - skipped ))]" "$line" 2>/dev/null)}")
          compadd -a found || _files
        }
        compdef _modelregistry modelregistry
        """;

    private const string Fish = """
        function __modelregistry
          set -l line (commandline -cp | string replace -r '^\S+\s*' '')
          modelregistry "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c modelregistry -a '(__modelregistry)'
        """;

    public static Verb Make()
    {
        var verb = new Verb("completion", "Prints a shell's completion script.", "completion bash > ~/.local/share/bash-completion/completions/modelregistry",
            "completion zsh > ~/.zfunc/_modelregistry", "completion fish > ~/.config/fish/completions/modelregistry.fish");
        var shell = verb.Word("SHELL", "bash, zsh or fish.", _ => new[] { "bash", "zsh", "fish" }.Select(s => new System.CommandLine.Completions.CompletionItem(s)));
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not ("bash" or "zsh" or "fish"))
                result.AddError($"There is no script for '{token.Value}': say bash, zsh or fish.");
        });
        return verb.Do(run =>
        {
            run.Around.Out.WriteLine(run.Of(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return Task.FromResult(Replies.Exit.Done);
        });
    }
}
