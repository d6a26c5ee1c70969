using ModelRegistry.Domain;
using ModelRegistry.Identity;

namespace ModelRegistry.Mcp.Remote;

/// <summary>One thing that is asked of a registry, in the two ways in which there is one: opened in this process, or behind a server.</summary>
/// <param name="Here">Asks as whoever this process is to an opened registry.</param>
/// <param name="There">Asks a server as whoever the token is.</param>
internal sealed record Question<T>(Func<RegistryServices, Actor, CancellationToken, Task<Outcome<T>>> Here, RestRequest There);

/// <summary>One thing that a person does with their passphrase, in both ways.</summary>
/// <param name="There">The request that takes it, without it.</param>
/// <param name="By">The member of the request's body that has the person and the proof; null: the body itself.</param>
internal sealed record Deed<T>(Func<RegistryServices, ProvenPerson, CancellationToken, Task<Outcome<T>>> Here, RestRequest There, string? By = null);

/// <summary>A person, and the passphrase that was typed for them.</summary>
/// <param name="Proven">What it proved; null where a server will see.</param>
internal sealed record Typed(string Person, string Passphrase, ProvenPerson? Proven)
{
    public override string ToString() => Person;
}

/// <summary>The registry that a verb works on, wherever it is.</summary>
internal interface IRegistry
{
    Task<Outcome<T>> AskAsync<T>(Question<T> question, CancellationToken cancel);

    /// <summary>Whose passphrase to ask for (<see cref="People.WhoseAsync"/>).</summary>
    Task<Outcome<string>> WhoseAsync(string? asked, string like, string role, CancellationToken cancel);

    /// <summary>Takes a passphrase, and checks it where that can be done before the deed.</summary>
    Task<Outcome<Typed>> ProveAsync(string person, string passphrase, CancellationToken cancel);

    Task<Outcome<T>> DoAsync<T>(Deed<T> deed, Typed by, CancellationToken cancel);
}

/// <summary>A registry that is opened in this process.</summary>
/// <param name="me">Whoever this process is to it.</param>
internal sealed class OpenedRegistry(RegistryServices registry, Actor me) : IRegistry
{
    public Task<Outcome<T>> AskAsync<T>(Question<T> question, CancellationToken cancel) => question.Here(registry, me, cancel);

    public Task<Outcome<string>> WhoseAsync(string? asked, string like, string role, CancellationToken cancel) => registry.People.WhoseAsync(asked, like, role, cancel);

    public async Task<Outcome<Typed>> ProveAsync(string person, string passphrase, CancellationToken cancel)
    {
        var proven = await registry.People.ProveAsync(person, passphrase, "terminal", cancel);
        return proven.Refusal is { } no ? no : new Typed(person, passphrase, proven.Value);
    }

    public Task<Outcome<T>> DoAsync<T>(Deed<T> deed, Typed by, CancellationToken cancel) => deed.Here(registry, by.Proven!, cancel);
}

/// <summary>A registry behind a running server.</summary>
internal sealed class ServedRegistry(RestClient client) : IRegistry
{
    public Task<Outcome<T>> AskAsync<T>(Question<T> question, CancellationToken cancel) => client.SendAsync<T>(question.There, withToken: true, cancel);

    public async Task<Outcome<string>> WhoseAsync(string? asked, string like, string role, CancellationToken cancel) =>
        asked is not null ? asked : (await AskAsync(Ask.Persons(), cancel)).Then(page => People.Whose(page.Items, like, role));

    // It proves itself with what it is typed for.
    public Task<Outcome<Typed>> ProveAsync(string person, string passphrase, CancellationToken cancel) => Task.FromResult<Outcome<Typed>>(new Typed(person, passphrase, null));

    public Task<Outcome<T>> DoAsync<T>(Deed<T> deed, Typed by, CancellationToken cancel)
    {
        var proof = new System.Text.Json.Nodes.JsonObject { ["passphrase"] = by.Passphrase };
        var request = deed.By is null ? deed.There.With("person", by.Person).With("proof", proof)
            : deed.There.With(deed.By, new System.Text.Json.Nodes.JsonObject { ["person"] = by.Person, ["proof"] = proof });
        return client.SendAsync<T>(request, withToken: false, cancel);
    }
}
