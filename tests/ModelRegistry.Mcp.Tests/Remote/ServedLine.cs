using ModelRegistry.Catalog;
using ModelRegistry.Mcp.Tests.Cli;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Remote;

/// <summary>A registry with something of everything, a real server before it, and the command line on the folder and through the server.</summary>
public sealed class ServedLine : IAsyncLifetime
{
    private readonly CommandDesk _desk = new();
    private readonly Dictionary<string, string> _names = [];

    internal SeededRegistry Registry { get; private set; } = null!;

    internal ServeProcess Server { get; private set; } = null!;

    internal string Token { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Registry = await SeededRegistry.OpenChurnAsync("team");
        await Registry.AcceptPolicyAsync(ModelRegistry.Domain.PolicyProfiles.Find("team")!.Replace("\"team\"", "\"house\"", StringComparison.Ordinal));
        await Registry.AcceptAsync("team");
        var me = await Registry.AgentAsync();
        await Registry.RegisterAsync("card fraud", 0.1, SeededRegistry.Metadata(0.123456789012345) with { Tags = new Dictionary<string, string> { ["team"] = "risk/A B" }, ReleaseNotes = "one\ntwo\t\u001b[31m" }, "what <it> \"is\" & f\u00fcr \u202e\ud83d\ude00");
        await Registry.RegisterAsync("retired");
        SeededRegistry.Ok(await Registry.Services.Metadata.SetAsync(me, new MetadataEdit("retired") { IsActive = false }));
        SeededRegistry.Ok(await Registry.Services.Metadata.CreateModelAsync(me, new NewModel("empty")));
        SeededRegistry.Ok(await Registry.Services.Metadata.SetAsync(me, new MetadataEdit("churn") { Version = "v2", Alias = "candidate", Deprecated = true }));
        var rejected = await Registry.ProposeAsync();
        SeededRegistry.Ok(await Registry.DecideAsync(rejected, ModelRegistry.Domain.DecisionVerdict.Reject));
        (_names["rejected"], _names["pending"]) = (rejected, await Registry.ProposeAsync());
        _names["policy"] = SeededRegistry.Ok(await Registry.Services.Policies.HistoryAsync(me)).Items[1].Digest[..12];
        Token = await Registry.TokenAsync("planner");
        Server = await ServeProcess.StartAsync(Registry.DataFolder);
    }

    internal Task<Ran> HereAsync(params string[] line) => _desk.RunAsync([.. line.Select(Filled), "--data", Registry.DataFolder]);

    internal Task<Ran> ThereAsync(params string[] line) => ThereAsync(Token, line);

    internal Task<Ran> ThereAsync(string? token, string[] line) => _desk.RunAsync([.. line.Select(Filled), "--server", Server.Address.GetLeftPart(UriPartial.Authority), .. token is null ? [] : new[] { "--token", token }]);

    private string Filled(string word) => _names.Aggregate(word, (text, name) => text.Replace($"{{{name.Key}}}", name.Value, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Registry.DisposeAsync();
        _desk.Dispose();
    }
}
