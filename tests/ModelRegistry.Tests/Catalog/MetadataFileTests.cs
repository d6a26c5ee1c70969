using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>What pipelines hand over beside the files, and its bounds.</summary>
[OnBothDatabases]
public sealed class MetadataFileTests
{
    [Fact]
    public async Task Every_field_arrives_where_it_belongs()
    {
        await using var it = await EmptyAsync();
        const string json = """
            {"format": "onnx", "framework": "torch 2", "metrics": {"accuracy": 0.5, "log_loss": 1e-3, "n": 7}, "hyperparameters": {"lr": 0.1, "layers": [1, 2]},
             "dataset": "d@1", "code_commit": "abc", "dependencies": ["torch==2"], "signature": {"inputs": []}, "lineage": {"base": "x"}, "release_notes": "first",
             "card": "# C", "tags": {"a": "b"}, "source": "runs:/1/model", "run_id": "1", "description": "D", "model_type": "vision", "owner": "team", "model_card": "# M"}
            """;
        var file = Ok(MetadataFile.Parse(json));
        Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [it.File("x")], file.Version, file.Description, file.Task, file.Owner, file.ModelCard)));

        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        var v = info.Version!;
        Assert.Equal(("D", "vision", "team"), (info.Description, info.Task, info.Owner));
        Assert.Equal(("onnx", "torch 2", "d@1", "abc", "first", "# C", "runs:/1/model", "1"), (v.Format, v.Framework, v.Dataset, v.CodeCommit, v.ReleaseNotes, v.Card, v.Source, v.RunId));
        Assert.Equal([0.5, 0.001, 7], v.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Value));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"lr": 0.1, "layers": [1, 2]}"""), v.Hyperparameters));
        Assert.Equal(("torch==2", "b", "x"), (Assert.Single(v.Dependencies), v.Tags["a"], (string?)v.Lineage["base"]));
        // The model's card stands in for a version that has none.
        await it.RegisterAsync("m", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "v2", Card = "" }));
        Assert.Equal("# M", Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v2")).Version!.Card);
    }

    [Theory]
    [InlineData("""{"metricss": {}}""", "metricss", "did you mean 'metrics'")]
    [InlineData("""{"zzzzzzzzz": 1}""", "zzzzzzzzz", "is unknown (known: card, code_commit")]
    [InlineData("""{"Format": "onnx"}""", "Format", "did you mean 'format'")]
    [InlineData("""{"format": 1}""", "format", "must be a text")]
    [InlineData("""{"format": null}""", "format", "must be a text")]
    [InlineData("""{"metrics": {"a": "1"}}""", "metrics", "must be an object of numbers")]
    [InlineData("""{"metrics": [1]}""", "metrics", "must be an object of numbers")]
    [InlineData("""{"tags": {"a": 1}}""", "tags", "must be an object of texts")]
    [InlineData("""{"dependencies": "torch"}""", "dependencies", "must be a list of texts")]
    [InlineData("""{"dependencies": ["a", null]}""", "dependencies", "must be a list of texts")]
    [InlineData("""{"hyperparameters": []}""", "hyperparameters", "must be an object")]
    public void A_field_that_is_wrong_is_named_with_what_it_may_be(string json, string field, string problem)
    {
        var refusal = MetadataFile.Parse(json).Refusal!;

        Assert.Equal("invalid_arguments", refusal.Code);
        Assert.Contains(problem, refusal.Fields![field], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"a": 1,}""")]
    [InlineData("""{"format": "a", "format": "b"}""")]
    [InlineData("""{"metrics": {"a": 1e999}}""")]
    [InlineData("""{"hyperparameters": {"n": 9007199254740993}}""")]
    [InlineData("""{"description": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    public void A_document_that_is_no_metadata_is_refused_as_such(string json) => Assert.Equal("metadata_invalid", No(MetadataFile.Parse(json)));

    [Fact]
    public void A_document_nested_too_deep_is_refused() =>
        Assert.Equal("metadata_invalid", No(MetadataFile.Parse("{\"lineage\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 101))));

    public static TheoryData<string, VersionMetadata> TooMuch { get; } = new()
    {
        { "metrics", new() { Metrics = Enumerable.Range(0, 501).ToDictionary(i => $"m{i}", i => (double)i) } },
        { "metrics", new() { Metrics = new Dictionary<string, double> { ["a'b"] = 1 } } },
        { "metrics", new() { Metrics = new Dictionary<string, double> { ["a"] = double.NaN } } },
        { "tags", new() { Tags = Enumerable.Range(0, 101).ToDictionary(i => $"t{i}", i => "") } },
        { "tags", new() { Tags = new Dictionary<string, string> { ["a"] = new('x', 100_001) } } },
        { "tags", new() { Tags = Enumerable.Range(0, 6).ToDictionary(i => $"t{i}", _ => new string('x', 90_000)) } },
        { "tags", new() { Tags = new Dictionary<string, string> { ["a"] = "\0" } } },
        { "tags", new() { Tags = new Dictionary<string, string> { ["a"] = "\udc00" } } },
        { "format", new() { Format = new('x', 65) } },
        { "dataset", new() { Dataset = "\ud800" } },
        { "card", new() { Card = new('x', 128 * 1024 + 1) } },
        { "release_notes", new() { ReleaseNotes = "a\0" } },
        { "dependencies", new() { Dependencies = [.. Enumerable.Repeat("x", 501)] } },
        { "dependencies", new() { Dependencies = ["\ud800"] } },
        { "hyperparameters", new() { Hyperparameters = new JsonObject { ["x"] = new string('x', 65 * 1024) } } },
        { "lineage", new() { Lineage = new JsonObject { ["x"] = "\0" } } },
        { "signature", new() { Signature = new JsonObject { ["x"] = "\ud800" } } },
        { "signature", new() { Signature = new JsonObject { ["x"] = double.PositiveInfinity } } },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task What_is_beyond_the_bounds_is_refused_by_field(string field, VersionMetadata metadata)
    {
        await using var it = await EmptyAsync();

        var refusal = (await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [it.File("x")], metadata))).Refusal!;

        Assert.Equal("invalid_arguments", refusal.Code);
        Assert.Equal([field], refusal.Fields!.Keys);
        Assert.Equal("0", Assert.Single(await it.RowsAsync("select count(*) from model")));
    }

    [Fact]
    public async Task All_that_is_allowed_at_once_is_registered_recorded_and_edited()
    {
        await using var it = await EmptyAsync();
        var metadata = new VersionMetadata
        {
            Metrics = Enumerable.Range(0, 500).ToDictionary(i => $"{i}{new string('m', 240)}", i => (double)i),
            Tags = Enumerable.Range(0, 100).ToDictionary(i => $"{i}{new string('t', 240)}", i => new string('я', 5000)),
            Dependencies = [.. Enumerable.Repeat(new string('d', 500), 500)],
            Card = new string('щ', 128 * 1024),
        };
        Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [it.File("x")], metadata)));
        var edit = new MetadataEdit("m") { Version = "v1", Metrics = metadata.Metrics.ToDictionary(m => m.Key, m => m.Value + 1), Tags = metadata.Tags.ToDictionary(t => t.Key, t => new string('ж', 150)) };

        Assert.Equal(600, Ok(await it.Services.Metadata.SetAsync(Robot, edit)).Changed.Count);

        Assert.Equal(metadata.Card, Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Version!.Card);
        await it.VerifyAuditAsync();
    }
}
