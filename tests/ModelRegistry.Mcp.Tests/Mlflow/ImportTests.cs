using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Mlflow;

/// <summary>Moving in from a server that speaks MLflow's REST API. None of MLflow's own is to be had here: the other server is one of this program's, which speaks it.</summary>
public sealed class ImportTests
{
    private static async Task AskAsync(ServedRest served, string method, string path, object body)
    {
        var answer = await served.SendAsync(method, "/api/2.0/mlflow/" + path, System.Text.Json.JsonSerializer.Serialize(body));
        Assert.True(answer.Status == 200, answer.Body);
    }

    /// <summary>churn (v1 in production, v2 in staging), and "A b", whose first version is deleted and whose third is elsewhere.</summary>
    private static async Task<ServedRest> SourceAsync()
    {
        var source = await ServedRest.OpenAsync("open");
        source.Token = null;
        await AskAsync(source, "POST", "registered-models/create", new { name = "A b", description = "about it", tags = new[] { new { key = "team", value = "risk" } } });
        Assert.Equal(200, (await source.SendAsync("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/r/model/data/weights.bin", "weights", "application/octet-stream")).Status);
        Assert.Equal(200, (await source.SendAsync("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/r/model/MLmodel", "flavors: {}", "application/octet-stream")).Status);
        foreach (var from in (string[])["mlflow-artifacts:/0/r/model", "mlflow-artifacts:/0/r/model", "runs:/elsewhere/model"])
            await AskAsync(source, "POST", "model-versions/create", new { name = "A b", source = from, run_id = "r", description = "a version", tags = new[] { new { key = "k", value = "" } } });
        await AskAsync(source, "DELETE", "model-versions/delete", new { name = "A b", version = "1" });
        await AskAsync(source, "POST", "registered-models/alias", new { name = "A b", alias = "candidate", version = "2" });
        return source;
    }

    private static async Task<JsonObject> ImportAsync(CommandDesk desk, ServedRest source, params string[] more) =>
        (await desk.DoneAsync(["import-mlflow", "--from", source.Address.AbsoluteUri, "--output", "json", .. more])).Json.AsObject();

    // The version of a model's view, or the view of a version.
    private static JsonNode Detail(JsonNode view) => view["version"] is JsonObject version ? version : view;

    [Fact]
    public async Task What_the_other_server_has_is_here_afterwards_with_its_numbers_and_files_and_a_second_run_takes_what_is_new()
    {
        await using var source = await SourceAsync();
        using var desk = await new CommandDesk().InitAsync("open");
        var first = await ImportAsync(desk, source);
        Assert.Equal((2, 4, 0, 1), ((int)first["models"]!, (int)first["versions"]!, (int)first["there"]!, (int)first["unverified"]!));
        var missing = Assert.Single(first["missing"]!.AsArray());
        Assert.Equal(("A b", "3", "content"), ((string?)missing!["model"], (string?)missing["version"], (string?)missing["what"]));

        foreach (var (model, version) in ((string, string)[])[("churn", "1"), ("churn", "2"), ("A b", "2"), ("A b", "3")])
        {
            var there = Detail((await source.GetAsync($"/models/{Uri.EscapeDataString(model)}/versions/{version}")).Json);
            var here = Detail((await desk.DoneAsync("get-model", model, "--version", version, "--output", "json")).Json);
            foreach (var same in (string[])["digest", "number", "stage", "content_verified", "source", "run_id", "release_notes", "aliases"])
                Assert.Equal(there[same]?.ToJsonString(), here[same]?.ToJsonString());
            Assert.Equal((string?)there["stage"] is "production" ? "Production" : (string?)there["stage"] is "staging" ? "Staging" : "None", (string?)here["tags"]!["imported.stage"]);
        }
        Assert.Equal("v1", (string?)(await desk.DoneAsync("serving", "churn", "--output", "json")).Json["version"]);
        Assert.Contains("version_not_found", (await desk.RunAsync("get-model", "A b", "--version", "1")).Err, StringComparison.Ordinal);

        await AskAsync(source, "POST", "model-versions/create", new { name = "A b", source = "models:/A b/2" });
        var again = await ImportAsync(desk, source);
        Assert.Equal((0, 1, 4), ((int)again["models"]!, (int)again["versions"]!, (int)again["there"]!));
        await AskAsync(source, "POST", "registered-models/create", new { name = "unwanted" });
        var named = await ImportAsync(desk, source, "--model", "churn", "--model", "nothing");
        Assert.Equal((0, 0, 2), ((int)named["models"]!, (int)named["versions"]!, (int)named["there"]!));
        Assert.Equal("nothing", (string?)Assert.Single(named["missing"]!.AsArray())!["model"]);
    }

    [Fact]
    [Attack(1, "cli")]
    public async Task What_served_there_serves_here_only_once_a_person_has_decided()
    {
        await using var source = await SourceAsync();
        using var desk = await new CommandDesk().InitAsync("local");
        var first = await ImportAsync(desk, source, "--model", "churn");
        Assert.NotEqual("v1", (string?)(await desk.RunAsync("serving", "churn", "--output", "json")).Json["version"]);
        Assert.True(first["waiting"]!.AsArray().Count + first["missing"]!.AsArray().Count(m => ((string?)m!["what"])!.StartsWith("stage", StringComparison.Ordinal)) == 1, first.ToJsonString());
        // What is here already stands as it is here.
        var again = await ImportAsync(desk, source, "--model", "churn");
        Assert.Equal((0, 2, 0), ((int)again["versions"]!, (int)again["there"]!, again["waiting"]!.AsArray().Count));
    }

    [Fact]
    [Attack(1, "cli")]
    public async Task Another_version_under_a_number_of_the_other_servers_gets_neither_its_alias_nor_its_stage()
    {
        await using var source = await SourceAsync();
        using var desk = await new CommandDesk().InitAsync("open");
        await ImportAsync(desk, source, "--model", "A b");
        // That it came from there is not for anybody to say.
        Assert.StartsWith("tag_reserved", (await desk.RunAsync("set-metadata", "A b", "--version", "2", "--tag", "Imported.stage=Production")).Err, StringComparison.Ordinal);
        Assert.StartsWith("tag_reserved", (await desk.RunAsync("set-metadata", "A b", "--version", "2", "--remove-tag", "imported.from")).Err, StringComparison.Ordinal);
        await desk.RegisterAsync("A b", 0.5);
        await AskAsync(source, "POST", "model-versions/create", new { name = "A b", source = "models:/A b/2" });
        await AskAsync(source, "POST", "registered-models/alias", new { name = "A b", alias = "best", version = "4" });
        await AskAsync(source, "POST", "model-versions/transition-stage", new { name = "A b", version = "4", stage = "Production" });
        await ImportAsync(desk, source, "--model", "A b");
        var here = Detail((await desk.DoneAsync("get-model", "A b", "--version", "4", "--output", "json")).Json);
        Assert.Equal(("development", 0), ((string?)here["stage"], here["aliases"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_model_of_the_same_name_that_comes_from_elsewhere_is_left_alone()
    {
        await using var source = await SourceAsync();
        using var desk = await new CommandDesk().InitAsync("open");
        await desk.RegisterAsync("churn", 0.5);
        var imported = await ImportAsync(desk, source);
        Assert.Equal((1, 2), ((int)imported["models"]!, (int)imported["versions"]!));
        Assert.Contains(imported["missing"]!.AsArray(), m => (string?)m!["model"] == "churn" && (string?)m["what"] == "model");
        Assert.Single((await desk.DoneAsync("list-versions", "churn", "--output", "json")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "import_source_unusable")]
    [InlineData("nonsense", "invalid_arguments")]
    [InlineData("file:///etc", "invalid_arguments")]
    [InlineData("http://user:secret@127.0.0.1:1", "invalid_arguments")]
    public async Task What_is_no_server_is_told_of(string from, string code)
    {
        using var desk = await new CommandDesk().InitAsync("open");
        var ran = await desk.RunAsync("import-mlflow", "--from", from);
        Assert.True(ran.Exit != 0 && ran.Err.StartsWith(code, StringComparison.Ordinal), ran.Err);
        Assert.DoesNotContain("secret", ran.Err, StringComparison.Ordinal);
    }

    /// <summary>A server that answers as it likes: addresses that lead elsewhere, files that lead upwards, the same page for ever.</summary>
    [Theory]
    [Attack(19, "cli")]
    [InlineData("../../escape", false, "content")]
    [InlineData("a/../../escape", false, "content")]
    [InlineData("C:evil", false, "content")]
    [InlineData("weights.bin", true, "")]
    public async Task A_server_that_lies_brings_nothing_to_where_it_does_not_belong(string file, bool endless, string missing)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        var asked = new List<string>();
        app.Run(http =>
        {
            asked.Add(http.Request.Path + http.Request.QueryString.Value);
            object answer = http.Request.Path.Value switch
            {
                "/api/2.0/mlflow/registered-models/search" => new { registered_models = new[] { new { name = "m" } }, next_page_token = endless ? "again" : "" },
                "/api/2.0/mlflow/registered-models/get" => new { registered_model = new { name = "m" } },
                "/api/2.0/mlflow/model-versions/search" => new { model_versions = new[] { new { name = "m", version = "1", source = "mlflow-artifacts:/x", current_stage = "None" } } },
                "/api/2.0/mlflow/model-versions/get-download-uri" => new { artifact_uri = "mlflow-artifacts:/x" },
                "/api/2.0/mlflow-artifacts/artifacts" => new { files = new[] { new { path = file, is_dir = false, file_size = 2 } } },
                _ => new { },
            };
            return http.Response.WriteAsJsonAsync(answer);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var desk = await new CommandDesk().InitAsync("open");
        var address = app.Urls.Single();
        var ran = await desk.RunAsync("import-mlflow", "--from", address, "--output", "json");
        if (endless)
            Assert.StartsWith("import_source_unusable", ran.Err, StringComparison.Ordinal);
        else
            Assert.Contains(ran.Json["missing"]!.AsArray(), m => (string?)m!["what"] == missing);
        Assert.InRange(asked.Count, 1, 20);
        Assert.DoesNotContain(Directory.EnumerateFiles(desk.Folder, "*", SearchOption.AllDirectories), f => f.EndsWith("escape", StringComparison.Ordinal));
    }
}
