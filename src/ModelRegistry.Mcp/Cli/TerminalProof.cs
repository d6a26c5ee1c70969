using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>
/// Passphrases, typed on the terminal itself: never taken from an argument, the environment or a pipe, because those an agent
/// can fill and read.
/// </summary>
internal static class TerminalProof
{
    /// <summary>What is proven by typing a passphrase here.</summary>
    public static Assurance Worth { get; } = new Proof(ProofMethod.Passphrase, "terminal", "", default, default).Assurance;

    /// <summary>Asks a person for their passphrase and checks it.</summary>
    /// <param name="asked">Who, as <c>--as</c> names them; null: as <see cref="People.WhoseAsync"/> finds.</param>
    /// <param name="like">Whom to prefer among several who carry <paramref name="role"/>.</param>
    public static async Task<Outcome<ProvenPerson>> OfAsync(RegistryServices registry, ITerminal terminal, string? asked, string like, string role, CancellationToken cancel) =>
        (await OfAsync(new OpenedRegistry(registry, Actor.Registry), terminal, asked, like, role, cancel)).Then<ProvenPerson>(typed => typed.Proven!);

    /// <summary>The same for a registry wherever it is; behind a server, the passphrase is checked with what it is typed for.</summary>
    public static async Task<Outcome<Typed>> OfAsync(IRegistry registry, ITerminal terminal, string? asked, string like, string role, CancellationToken cancel)
    {
        if (!terminal.IsThere)
            return Refusals.NoTerminal;
        var who = await registry.WhoseAsync(asked, like, role, cancel);
        if (who.Refusal is { } no)
            return no;
        var typed = await terminal.AskSecretAsync($"passphrase of {VisibleText.Line(who.Value)}: ", cancel);
        return await registry.ProveAsync(who.Value, typed, cancel);
    }

    /// <summary>Asks a person for their passphrase, and does with it what it is asked for.</summary>
    /// <param name="asked">As <c>--as</c> names them.</param>
    public static async Task<Outcome<T>> DoAsync<T>(CliRun run, IRegistry registry, Deed<T> deed, string? asked, string role)
    {
        var typed = await OfAsync(registry, run.Around.Terminal, asked, run.Around.OsUser, role, run.Cancel);
        return typed.Refusal is { } no ? no : await registry.DoAsync(deed, typed.Value, run.Cancel);
    }

    /// <summary>A new person's passphrase: from the file, without its last line end, or typed twice.</summary>
    public static async Task<Outcome<string>> NewAsync(ITerminal terminal, string person, string? file, CancellationToken cancel)
    {
        if (file is not null)
        {
            var read = TextFile.Read(file);
            return read.Refusal is { } no ? no : read.Value.EndsWith("\r\n", StringComparison.Ordinal) ? read.Value[..^2] : read.Value.EndsWith('\n') ? read.Value[..^1] : read.Value;
        }
        if (!terminal.IsThere)
            return Refusals.NoTerminal;
        var first = await terminal.AskSecretAsync($"new passphrase for {VisibleText.Line(person)}: ", cancel);
        var second = await terminal.AskSecretAsync($"the same passphrase for {VisibleText.Line(person)} again: ", cancel);
        return first == second ? first : Refusals.PassphrasesDiffer;
    }
}
