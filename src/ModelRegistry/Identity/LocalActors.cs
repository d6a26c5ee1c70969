using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>
/// Who calls where no token is presented: on a data folder the CLI is the agent <c>cli</c>, and stdio the agent named by
/// its client, both owned by the person named like the user of the operating system, else by the first person. They are
/// agents: whoever runs them, a person's powers need that person's passphrase.
/// </summary>
public sealed class LocalActors
{
    private const string Unnamed = "mcp-client";

    private readonly RegistryDb _db;

    private readonly PolicyInForce _policies;

    internal LocalActors(RegistryDb db, PolicyInForce policies) => (_db, _policies) = (db, policies);

    public Task<Actor> CliAsync(string osUser, CancellationToken cancel = default) => AgentAsync("cli", osUser, "cli", null, cancel);

    /// <param name="clientName">
    /// The client's name as it says itself; a claim that names the agent and nothing more. One that belongs to somebody
    /// enrolled, or to the registry itself, is not given to it: "proposed by ben" must not be a client's word.
    /// </param>
    public async Task<Actor> StdioAsync(string osUser, string? clientName, CancellationToken cancel = default)
    {
        var name = Clean(clientName);
        var taken = Names.Actor(name).Refusal is not null || await _db.ReadAsync(session => session.FindActorByNameAsync(name), cancel) is not null;
        return await AgentAsync(taken ? Unnamed : name, osUser, "mcp-stdio", clientName, cancel);
    }

    /// <summary>
    /// The agent <c>local</c>, for who comes over loopback without a token: under the policies for one user on one machine,
    /// and no others. Refused also when the policy was changed while the server runs.
    /// </summary>
    public async Task<Outcome<Actor>> TokenlessAsync(string osUser, string door, CancellationToken cancel = default) =>
        await NamesOneUserAsync(cancel) is not null ? await AgentAsync("local", osUser, door, null, cancel) : Refusals.TokenRequired;

    /// <summary>The policy in force when it is one under which callers need no token; else null.</summary>
    public Task<string?> NamesOneUserAsync(CancellationToken cancel = default) => _db.ReadAsync(async session =>
        (await _policies.GetAsync(session)).Name is (PolicyProfiles.Open or PolicyProfiles.Local) and { } name ? name : null, cancel);

    /// <summary>The agent <c>cli</c>, for who has a database open and no registry.</summary>
    internal static ValueTask<Actor> CliAsync(RegistrySession session, string osUser) => AgentAsync(session, "cli", osUser, "cli", null);

    private Task<Actor> AgentAsync(string name, string osUser, string door, string? client, CancellationToken cancel) =>
        _db.ReadAsync(session => AgentAsync(session, name, osUser, door, client), cancel);

    private static async ValueTask<Actor> AgentAsync(RegistrySession session, string name, string osUser, string door, string? client)
    {
        var persons = await session.PersonsAsync();
        var owner = persons.FirstOrDefault(p => string.Equals(p.Name, osUser, StringComparison.OrdinalIgnoreCase)) ?? persons.FirstOrDefault(p => p.DisabledAt is null);
        // Whose person was disabled does not go on in another's name.
        if (owner?.DisabledAt is not null)
            owner = null;
        return new Actor($"local:{door}:{name}:{owner?.Id ?? "nobody"}", name, ActorKind.Agent, Permissions.MachineRoles, [], owner?.Ref, null, "local", door).Through(client);
    }

    private static string Clean(string? client)
    {
        var name = new string([.. (client ?? "").Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '_' or '-').Take(40)]).Trim(' ', '.', '_', '-');
        return name.Length == 0 ? Unnamed : name;
    }
}
