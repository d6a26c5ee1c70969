using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Demo;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Clients;

/// <summary>The example service, as a process of its own, beside a real registry that it loses and finds again.</summary>
public sealed class ServingSampleTests(TeamServer team) : IClassFixture<TeamServer>, IDisposable
{
    private static readonly string[] Rows = File.ReadAllLines(Repository.At("samples/digits/test.csv"));

    private readonly string _folder = Directory.CreateTempSubdirectory("serving-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<(ClientProcess Process, Uri At)> StartAsync(Uri registry, string token)
    {
        var process = ClientProcess.Start(ClientProcess.Python, [Repository.At("samples/serving/service.py"), "--model", "digits", "--folder", _folder, "--port", "0", "--target", "production", "--instance", "one"], ClientProcess.Reaching(registry, token));
        return (process, new Uri((await process.SaysAsync("listening on")).Split(' ')[^1]));
    }

    private async Task<JsonObject> HealthAsync(Uri at) => JsonNode.Parse(await (await _http.GetAsync(new Uri(at, "health"))).Content.ReadAsStringAsync())!.AsObject();

    private async Task<JsonObject> UntilAsync(Uri at, Func<JsonObject, bool> wished)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var health = await HealthAsync(at);
            if (wished(health))
                return health;
            await Task.Delay(50, patience.Token);
        }
    }

    private async Task<(HttpStatusCode Status, JsonObject Json)> PredictAsync(Uri at, int row)
    {
        using var answer = await SendAsync(at, Rows[row].Split(',').Skip(1).Select(int.Parse));
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject());
    }

    private async Task<HttpResponseMessage> SendAsync(Uri at, IEnumerable<int> pixels)
    {
        using var body = new StringContent(new JsonObject { ["pixels"] = new JsonArray([.. pixels.Select(p => (JsonNode)p)]) }.ToJsonString());
        return await _http.PostAsync(new Uri(at, "predict"), body);
    }

    /// <summary>What the C# side of the project makes of the same file and row.</summary>
    private static int Expected(int version, int row)
    {
        var chances = DigitClassifier.Read(Repository.At($"samples/digits/digits-v{version}.onnx")).Run([.. Rows[row].Split(',').Skip(1).Select(p => float.Parse(p, CultureInfo.InvariantCulture) / 16)]);
        return Array.IndexOf(chances, chances.Max());
    }

    [Fact]
    public async Task It_follows_what_persons_decide_and_survives_the_registry_and_its_own_end()
    {
        var rest = team.Rest;
        await using var proxy = new CuttingProxy(rest.Address);
        var ana = SeededRegistry.Ok(await rest.Registry.Services.People.ProveAsync("ana", SeededRegistry.Passphrase, "terminal")).Actor;
        var viewer = SeededRegistry.Ok(await rest.Registry.Services.Tokens.CreateAsync(ana, new ModelRegistry.Identity.NewToken(null, "digits-service", "ana", ["viewer"], [], null))).Secret;
        using var pipeline = ClientProcess.Start(ClientProcess.Python, [Repository.At("tests/ModelRegistry.Mcp.Tests/Clients/client.py")], ClientProcess.Reaching(rest.Address, rest.Token));
        async Task<JsonNode> AskAsync(string call, JsonArray args, JsonObject? named = null)
        {
            await pipeline.TellAsync(new JsonObject { ["call"] = call, ["args"] = args, ["named"] = named ?? new JsonObject() });
            var said = await pipeline.HearAsync();
            return said["value"] ?? throw new InvalidOperationException(said.ToJsonString());
        }
        async Task DecidedAsync(JsonNode asked) => await team.ApproveAsync((string)asked["promotion_id"]!);
        foreach (var version in new[] { 1, 2 })
        {
            await AskAsync("register_model", ["digits", null, Repository.At($"samples/digits/digits-v{version}.onnx"), new JsonObject { ["accuracy"] = version == 1 ? 0.9278 : 0.9815 }], TeamServer.Known);
            await AskAsync("promote", ["digits", version, "staging"]);
        }

        var (service, at) = await StartAsync(proxy.Address, viewer);
        try
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PredictAsync(at, 0)).Status);
            await UntilAsync(at, health => (bool)health["registry"]!["reachable"]!);
            var first = await AskAsync("promote", ["digits", 1, "production", "the first one"]);
            Assert.False((bool)(await HealthAsync(at))["serving"]!);
            await DecidedAsync(first);
            await UntilAsync(at, health => (string?)health["version"] == "v1");
            // A row that the two versions read differently, so that an answer shows whose it is.
            var row = Enumerable.Range(0, Rows.Length).First(r => Expected(1, r) != Expected(2, r));
            Assert.Equal(Expected(1, row), (int)(await PredictAsync(at, row)).Json["digit"]!);
            Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(at, [17])).StatusCode);

            // Asked all the time while another version takes over.
            using var enough = new CancellationTokenSource();
            var asking = Task.Run(async () =>
            {
                var seen = new List<(HttpStatusCode, string?, int)>();
                while (!enough.IsCancellationRequested)
                {
                    var (status, json) = await PredictAsync(at, row);
                    seen.Add((status, (string?)json["version"], (int)json["digit"]!));
                }
                return seen;
            });
            var second = await AskAsync("deploy", ["digits", 2, "production", "pipeline"], new JsonObject { ["reason"] = "better" });
            Assert.Equal("v1", (string?)(await HealthAsync(at))["version"]);
            await DecidedAsync(second);
            await UntilAsync(at, health => (string?)health["version"] == "v2");
            await enough.CancelAsync();
            var seen = await asking.ContinueWith(a => a.IsFaulted ? throw new InvalidOperationException(service.Errors, a.Exception) : a.Result, TaskScheduler.Default);
            Assert.All(seen, s => Assert.Contains(s, new[] { (HttpStatusCode.OK, (string?)"v1", Expected(1, row)), (HttpStatusCode.OK, "v2", Expected(2, row)) }));
            Assert.Equal(seen.Select(s => s.Item2).Order(StringComparer.Ordinal), seen.Select(s => s.Item2));
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            JsonNode? observed;
            while ((observed = (await AskAsync("deployments", [], new JsonObject { ["model"] = "digits", ["status"] = "active" }))[0]!["observed"]) is null)
                await Task.Delay(100, patience.Token);
            Assert.Equal(("v2", "running", true, "one", "digits-service"), ((string?)observed["version"], (string?)observed["status"], (bool)observed["matches"]!, (string?)observed["instance"], (string?)observed["reported_by"]));

            // The registry is away: what runs goes on running, after a clean end and a new start too.
            proxy.Away = true;
            await UntilAsync(at, health => !(bool)health["registry"]!["reachable"]!);
            Assert.Equal((HttpStatusCode.OK, "v2"), ((await PredictAsync(at, row)).Status, (string?)(await PredictAsync(at, row)).Json["version"]));
            var ended = await service.TerminateAsync();
            Assert.Equal((0, ""), (ended.Exit, ended.Out));
            Assert.DoesNotContain(viewer, ended.All, StringComparison.Ordinal);
            service.Dispose();
            (service, at) = await StartAsync(proxy.Address, viewer);
            Assert.Equal(Expected(2, row), (int)(await PredictAsync(at, row)).Json["digit"]!);
            await service.TerminateAsync();
            service.Dispose();

            // What was altered while it was off is not served, and is fetched anew once the registry is there.
            var kept = Directory.GetFiles(_folder, "digits-v2.onnx", SearchOption.AllDirectories).Single();
            await File.WriteAllBytesAsync(kept, await File.ReadAllBytesAsync(Repository.At("samples/digits/digits-v1.onnx")));
            (service, at) = await StartAsync(proxy.Address, viewer);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PredictAsync(at, row)).Status);
            proxy.Away = false;
            await UntilAsync(at, health => (string?)health["version"] == "v2");
            Assert.Equal(Expected(2, row), (int)(await PredictAsync(at, row)).Json["digit"]!);

            await DecidedAsync(await AskAsync("rollback", ["digits", 1, "v2 misreads sevens"]));
            await UntilAsync(at, health => (string?)health["version"] == "v1");
            Assert.Equal(Expected(1, row), (int)(await PredictAsync(at, row)).Json["digit"]!);
            Assert.Equal(0, (await service.TerminateAsync()).Exit);
        }
        finally
        {
            service.Dispose();
        }
    }
}
