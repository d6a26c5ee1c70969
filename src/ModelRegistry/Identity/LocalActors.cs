using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>
/// Who calls where no token is presented: on a data folder the CLI is the agent <c>cli</c>, and stdio the agent named by
/// its client, both owned by the person named like the user of the operating system, else by the first person. They are
/// agents: whoever runs them, a person's powers need that person's passphrase.
/// </summary>
public sealed class LocalActors
{
    private readonly RegistryDb _db;

    internal LocalActors(RegistryDb db) => _db = db;

    public Task<Actor> CliAsync(string osUser, CancellationToken cancel = default) => AgentAsync("cli", osUser, "cli", null, cancel);

    /// <param name="clientName">The client's name as it says itself; a claim that names the agent and nothing more.</param>
    public Task<Actor> StdioAsync(string osUser, string? clientName, CancellationToken cancel = default) =>
        AgentAsync(Clean(clientName), osUser, "mcp-stdio", clientName, cancel);

    private Task<Actor> AgentAsync(string name, string osUser, string door, string? client, CancellationToken cancel) => _db.ReadAsync(async session =>
    {
        var persons = (await session.PersonsAsync()).Where(p => p.DisabledAt is null).ToList();
        // A client may call itself anything; it must not be taken for somebody who is known here.
        if (client is not null && (Names.Fold(name) == Actor.Registry.Name || await session.FindActorByNameAsync(name) is not null))
            name = $"client {name}";
        var owner = persons.FirstOrDefault(p => string.Equals(p.Name, osUser, StringComparison.OrdinalIgnoreCase)) ?? persons.FirstOrDefault();
        return new Actor($"local:{name}:{owner?.Id ?? "nobody"}", name, ActorKind.Agent, Permissions.MachineRoles, [], owner?.Ref, Clip(client), "local", door);
    }, cancel);

    private static string Clean(string? client)
    {
        var name = new string([.. (client ?? "").Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '_' or '-').Take(40)]).Trim(' ', '.', '_', '-');
        return name.Length == 0 ? "mcp-client" : name;
    }

    private static string? Clip(string? text) => text is { Length: > 100 } ? text[..100] : text;
}
