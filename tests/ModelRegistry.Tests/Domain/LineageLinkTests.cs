using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class LineageLinkTests
{
    private static string[] Of(string lineage, string dataset = "", string commit = "") =>
        [.. LineageLink.Of(new VersionMetadata { Lineage = JsonNode.Parse(lineage)!.AsObject(), Dataset = dataset, CodeCommit = commit }).Select(l => $"{l.Kind}|{l.Text}|{l.Model}|{l.Version}")];

    [Theory]
    [InlineData("""{"base_model": "resnet50"}""", "base_model|resnet50|resnet50|")]
    [InlineData("""{"base_model": "resnet50:3"}""", "base_model|resnet50:3|resnet50|3")]
    [InlineData("""{"base_model": "resnet50@champion"}""", "base_model|resnet50@champion|resnet50|@champion")]
    [InlineData("""{"base_model": "models:/res net/v3"}""", "base_model|models:/res net/v3|res net|v3")]
    [InlineData("""{"base_model": "models:/resnet@best"}""", "base_model|models:/resnet@best|resnet|@best")]
    [InlineData("""{"base_model": {"name": "resnet50", "version": 3}}""", "base_model|resnet50:3|resnet50|3")]
    [InlineData("""{"base_model": {"model": "resnet50"}}""", "base_model|resnet50|resnet50|")]
    [InlineData("""{"base_model": "google/vit-base"}""", "base_model|google/vit-base||")]
    [InlineData("""{"base_model": "a:b:c"}""", "base_model|a:b:c||")]
    [InlineData("""{"base_model": ":"}""", "base_model|:||")]
    [InlineData("""{"parents": ["v1", 2]}""", "parent|v1|v1|", "parent|2|2|")]
    [InlineData("""{"datasets": [{"name": "d", "version": "1"}, "e"]}""", "dataset|d:1||", "dataset|e||")]
    [InlineData("""{"base_model": [["x"], {}, null, true, "", " "], "other": "y"}""")]
    public void Understood_keys_are_read_in_every_shape(string lineage, params string[] links) => Assert.Equal(links, Of(lineage));

    [Fact]
    public void The_dataset_and_the_commit_are_links_too_each_once() =>
        Assert.Equal(["dataset|d||", "code_commit|abc||"], Of("""{"datasets": ["d"]}""", "d", "abc"));

    [Fact]
    public void No_lineage_makes_more_links_than_are_followed()
    {
        var many = new JsonArray([.. Enumerable.Range(0, 5_000).Select(i => (JsonNode)$"p{i}")]);
        Assert.Equal(LineageLink.Most, LineageLink.Of(new VersionMetadata { Lineage = new JsonObject { ["parents"] = many, ["datasets"] = many.DeepClone(), ["base_model"] = many.DeepClone() } }).Count);
    }
}
