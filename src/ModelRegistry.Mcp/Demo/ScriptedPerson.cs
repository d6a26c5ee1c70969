using System.Text;
using ModelRegistry.Mcp.Cli;

namespace ModelRegistry.Mcp.Demo;

/// <summary>
/// The people of the demo at their terminals: when the registry asks for a passphrase, the person it names types it. What
/// the terminal showed is kept, since that is what a person decides on.
/// </summary>
internal sealed class ScriptedPerson(IReadOnlyDictionary<string, string> passphrases) : ITerminal
{
    private readonly StringBuilder _screen = new();

    public bool IsThere => true;

    public bool Fancy => false;

    public int Width => 100;

    public string Screen => _screen.ToString();

    public void Write(string text) => _screen.Append(text);

    public Task<string> AskSecretAsync(string prompt, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _screen.Append(prompt).Append('\n');
        var asked = passphrases.Keys.FirstOrDefault(name => prompt.Contains(name, StringComparison.Ordinal));
        return asked is null
            ? throw new StorySurpriseException($"the terminal asked '{prompt.Trim()}', which names nobody in this story")
            : Task.FromResult(passphrases[asked]);
    }
}
