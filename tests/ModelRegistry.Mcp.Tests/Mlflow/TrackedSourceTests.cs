using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mlflow;
using ModelRegistry.Mlflow.Import;
using ModelRegistry.Mlflow.Sites;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>Versions whose files lie on the tracking server that the operator has named: a real listener, of these tests' own.</summary>
public sealed class TrackedSourceTests : IAsyncLifetime
{
    private TrackingServer _tracking = null!;
    private SeededRegistry _registry = null!;
    private Actor _agent = null!;

    public async ValueTask InitializeAsync()
    {
        _tracking = await TrackingServer.StartAsync();
        _registry = await SeededRegistry.OpenAsync("open", with: options => options with
        {
            Tracking = new MlflowTracking(new Uri(_tracking.Address), new MlflowCredential(TrackingServer.Token, null, null)) { Patience = TimeSpan.FromSeconds(2) },
        });
        _agent = await _registry.AgentAsync();
        Ok(await _registry.Services.Metadata.CreateModelAsync(_agent, new NewModel("digits")));
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        await _tracking.DisposeAsync();
    }

    private Task<Outcome<MlflowVersionView>> RegisterAsync(string source, Actor? by = null, string name = "digits", CancellationToken cancel = default) =>
        _registry.Services.Mlflow.CreateVersionAsync(by ?? _agent, new MlflowRegistration(name, source.Replace("TRACKING", _tracking.Address, StringComparison.Ordinal), "http://localhost", "r1", "", "", "", new Dictionary<string, string> { ["team"] = "risk" }), cancel);

    private static string? Tag(MlflowVersionView version, string key) => version.Tags.FirstOrDefault(t => t.Key == "modelregistry." + key)?.Value;

    private async Task<string[]> PathsAsync(MlflowVersionView version) => [.. Ok(await _registry.Services.Downloads.FilesAsync(_agent, "digits", version.Version)).Select(f => f.Path)];

    [Theory]
    [InlineData("runs:/r1/model", "MLmodel", "data/weights.bin")]
    [InlineData("runs:/r1/model/data/", "weights.bin")]
    [InlineData("runs:/r1/model/data/weights.bin", "weights.bin")]
    [InlineData("runs:/r1", "model/MLmodel", "model/data/weights.bin")]
    [InlineData("mlflow-artifacts:/0/r1/artifacts/model", "MLmodel", "data/weights.bin")]
    [InlineData("mlflow-artifacts://another.test:5000/0/r1/artifacts/model", "MLmodel", "data/weights.bin")]
    [InlineData("models:/m-1", "MLmodel")]
    [InlineData("TRACKING/api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts/model", "MLmodel", "data/weights.bin")]
    public async Task What_lies_there_becomes_the_content_and_the_source_stays_as_it_was_said(string source, params string[] paths)
    {
        var version = Ok(await RegisterAsync(source));
        Assert.Equal((source.Replace("TRACKING", _tracking.Address, StringComparison.Ordinal), "r1", "READY"), (version.Source, version.RunId, version.Status));
        Assert.Equal(paths, await PathsAsync(version));
        Assert.Equal("team", Assert.Single(version.Tags).Key);
        var file = Ok(await _registry.Services.MlflowArtifacts.FindAsync(_agent, $"registered-models/digits/{version.Version}/{paths[0]}"));
        Assert.Equal(Digest.Of(_tracking.Files.First(f => f.Key.EndsWith(paths[0], StringComparison.Ordinal) && (f.Key.Contains("r1", StringComparison.Ordinal) || f.Key.Contains("m-1", StringComparison.Ordinal))).Value), file.Sha256);
    }

    [Theory]
    [InlineData("runs:/nothing/model", "answers 404")]
    [InlineData("runs:/r1/nothing", "answers 404")]
    [InlineData("runs:/empty/model", "lacks 'info'")]
    [InlineData("runs:/elsewhere/model", "does not reach")]
    [InlineData("runs:/upwards/model", "no path here")]
    [InlineData("runs:/up/model", "no path here")]
    [InlineData("runs:/twice/model", "path_ca")]
    [InlineData("runs:/broken/model", "answers 500")]
    [InlineData("runs:/redirect/model", "answers 302")]
    [InlineData("runs:/short/model", "broke off")]
    [InlineData("runs:/stall/model", "stands still")]
    [InlineData("runs:/huge/model", "more files")]
    [InlineData("runs:/deep/model", "no path here")]
    [InlineData("runs:/large/model", "more than")]
    [InlineData("models:/m-2", "answers 404")]
    public async Task What_cannot_be_had_is_registered_unverified_and_says_why(string source, string why)
    {
        var version = Ok(await RegisterAsync(source));
        Assert.Equal((source, "unverified"), (version.Source, Tag(version, "content")));
        Assert.Contains(why, Tag(version, "content_problem"), StringComparison.Ordinal);
        Assert.Empty(await PathsAsync(version));
        Assert.InRange(_tracking.Asked.Count, 1, 200);
        Assert.DoesNotContain(_tracking.Asked, path => path.Contains("..", StringComparison.Ordinal) || path.Contains("r1/artifacts/model/MLmodel", StringComparison.Ordinal));
        Assert.Equal("tag_reserved", (await _registry.Services.Mlflow.SetVersionTagAsync(_agent, "digits", version.Version, "modelregistry.content_problem", "none")).Refusal?.Code);
        Assert.Equal("tag_reserved", (await _registry.Services.Mlflow.DeleteVersionTagAsync(_agent, "digits", version.Version, "modelregistry.content_problem")).Refusal?.Code);
    }

    [Theory]
    [Attack(19, "mlflow")]
    [InlineData("runs:/../secret", "source_unsafe")]
    [InlineData("runs:/r1/../r2", "source_unsafe")]
    [InlineData("runs:/r1/%2e%2e/r2", "source_unsafe")]
    [InlineData("runs:/r1/%252e%252e/r2", "source_unsafe")]
    [InlineData("mlflow-artifacts:/0/r1/..%2f..%2fsecret", "source_unsafe")]
    [InlineData("models:/m-1/../m-2", "source_unsafe")]
    [InlineData("runs:/r1&run_id=r2/model")]
    [InlineData("runs:/r1?x/model")]
    [InlineData("runs:/r1#/model")]
    [InlineData("runs:/%72%31/model")]
    [InlineData("runs:/")]
    [InlineData("models:/m-1?x")]
    [InlineData("gs://bucket/model")]
    [InlineData("s3://another/model")]
    [InlineData("http://127.0.0.1:1/api/2.0/mlflow-artifacts/artifacts/x")]
    [InlineData("http://user@127.0.0.1:1/x")]
    [InlineData("TRACKING.evil.test/api/2.0/mlflow-artifacts/artifacts/x")]
    [InlineData("TRACKING@evil.test/api/2.0/mlflow-artifacts/artifacts/x")]
    [InlineData("TRACKING/api/2.0/mlflow/runs/get?run_id=r1")]
    public async Task Who_registers_says_which_run_and_path_and_nothing_else(string source, string? refused = null)
    {
        var registered = await RegisterAsync(source);
        Assert.Equal(refused, registered.Refusal?.Code);
        if (refused is null)
            Assert.Equal("unverified", Tag(registered.Value, "content"));
        Assert.Empty(_tracking.Asked);
    }

    [Fact]
    public async Task Who_may_not_register_has_nothing_asked_for()
    {
        Assert.Equal("role_missing", (await RegisterAsync("runs:/r1/model", _agent with { Roles = [Permissions.Viewer] })).Refusal?.Code);
        Assert.NotNull((await RegisterAsync("runs:/r1/model", _agent with { Models = ["other-*"] })).Refusal);
        Assert.Equal("no_owner", (await RegisterAsync("runs:/r1/model", _agent with { Owner = null })).Refusal?.Code);
        Assert.Equal("model_not_found", (await RegisterAsync("runs:/r1/model", name: "nothing")).Refusal?.Code);
        Ok(await _registry.Services.Metadata.SetAsync(_agent, new MetadataEdit("digits") { IsActive = false }));
        Assert.Equal("model_inactive", (await RegisterAsync("runs:/r1/model")).Refusal?.Code);
        Assert.Empty(_tracking.Asked);
    }

    [Fact]
    public async Task A_client_that_loses_patience_and_asks_again_waits_for_the_same_files()
    {
        var gate = new TaskCompletionSource();
        _tracking.Gate = gate.Task;
        using var leaves = new CancellationTokenSource();
        var first = RegisterAsync("runs:/r1/model/data", cancel: leaves.Token);
        while (!_tracking.Asked.Any(path => path.EndsWith("weights.bin", StringComparison.Ordinal)))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        // Nothing is held meanwhile that others write with.
        Ok(await _registry.Services.Metadata.SetAsync(_agent, new MetadataEdit("digits") { Description = "as ever" }));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = RegisterAsync("runs:/r1/model/data");
        gate.SetResult();
        var version = Ok(await second);
        Assert.Equal(("1", "weights.bin"), (version.Version, Assert.Single(await PathsAsync(version))));
        Assert.Single(_tracking.Asked, path => path.EndsWith("weights.bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_caller_with_too_many_on_their_way_is_told_to_come_again()
    {
        var gate = new TaskCompletionSource();
        _tracking.Gate = gate.Task;
        for (var i = 0; i < 9; i++)
            _tracking.Files[$"0/many/artifacts/{i}/x"] = [1, 2];
        var first = Enumerable.Range(0, 8).Select(i => RegisterAsync($"runs:/many/{i}")).ToArray();
        Assert.Equal("sources_busy", (await RegisterAsync("runs:/many/8")).Refusal?.Code);
        gate.SetResult();
        Assert.All(await Task.WhenAll(first), registered => Assert.Null(Tag(Ok(registered), "content")));
        Assert.Null(Tag(Ok(await RegisterAsync("runs:/many/8")), "content"));
    }

    [Fact]
    public async Task An_import_from_a_server_that_stands_still_ends_and_leaves_the_version_for_the_next_run()
    {
        var imported = Ok(await _registry.Services.Import.RunAsync(_agent, new MlflowImportWish(new Uri(_tracking.Address), new MlflowCredential(TrackingServer.Token, null, null), []) { Patience = TimeSpan.FromSeconds(1) }, null, TestContext.Current.CancellationToken));
        var missing = Assert.Single(imported.Missing);
        Assert.Equal((0, "taken", "version, and those after it"), (imported.Versions, missing.Model, missing.What));
        Assert.Contains("stands still", missing.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_is_told_of_it_by_an_option_and_of_the_credential_by_the_environment()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var served = await ServeProcess.StartAsync(registry.DataFolder, new Dictionary<string, string> { ["MODELREGISTRY_MLFLOW_TRACKING_TOKEN"] = TrackingServer.Token }, "--mlflow-tracking", _tracking.Address);
        using var client = new HttpClient { BaseAddress = served.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await registry.TokenAsync("trainer"));
        async Task<string> CreateAsync(string source)
        {
            using var answer = await client.PostAsync(new Uri("/api/2.0/mlflow/model-versions/create", UriKind.Relative), new StringContent($$"""{"name":"churn","source":"{{source}}"}""", System.Text.Encoding.UTF8, "application/json"));
            return await answer.Content.ReadAsStringAsync();
        }
        var taken = await CreateAsync("runs:/r1/model");
        Assert.Contains("READY", taken, StringComparison.Ordinal);
        Assert.DoesNotContain("unverified", taken, StringComparison.Ordinal);
        Assert.Contains("unverified", await CreateAsync("runs:/nothing/model"), StringComparison.Ordinal);
        Assert.Contains("runs:/nothing/model: ", served.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(TrackingServer.Token, served.Errors, StringComparison.Ordinal);
    }
}
