using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Measurements, cards, lineage and what versions are looked for by, the same on both databases.</summary>
public abstract class MetadataContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private static NewMeasurement Measured(string metric, double value, long? count = null, string split = "") => new(metric, value, new MetricEvidence("digits@2", split, null, count));

    private static Task<Outcome<MeasuredView>> MeasureAsync(TestRegistry it, bool current, params NewMeasurement[] measured) => it.Services.Metadata.MeasureAsync(Robot, new MeasurementWish("m", "v1", measured, current));

    private static async Task<Page<MeasurementView>> HistoryAsync(TestRegistry it, string? metric = null, int limit = 100, string? cursor = null) =>
        Ok(await it.Services.Catalog.MeasurementsAsync(Robot, new MeasurementQuery("m", "v1", metric, limit, cursor)));

    private static async Task<Outcome<RegisteredView>> RegisterAsync(TestRegistry it, string model, VersionMetadata data) =>
        await it.Services.Intake.RegisterAsync(Robot, new Registration(model, null, null, [it.File($"{Guid.NewGuid()}")], data));

    private static Task<Outcome<MetadataView>> EditAsync(TestRegistry it, MetadataEdit edit) => it.Services.Metadata.SetAsync(Robot, edit);

    [Fact]
    public async Task A_measurement_is_history_until_it_is_said_to_be_current()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        Assert.Equal(0.9, Assert.Single((await HistoryAsync(it)).Items).Value);

        Ok(await MeasureAsync(it, false, Measured("accuracy", 0.95, 540, "test"), Measured("auc", 0.99)));
        var version = Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v1")).Version!;
        Assert.Equal((0.9, false, null), (version.Metrics["accuracy"], version.Metrics.ContainsKey("auc"), version.Evidence));
        Ok(await MeasureAsync(it, true, Measured("accuracy", 0.96, 540, "test")));
        version = Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v1")).Version!;
        Assert.Equal((0.96, 540L, "test"), (version.Metrics["accuracy"], version.Evidence!["accuracy"].Count, version.Evidence["accuracy"].Split));
        // A value that is merely said has no evidence.
        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.97 } }));
        Assert.Null(Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v1")).Version!.Evidence);

        var history = (await HistoryAsync(it, "accuracy")).Items;
        Assert.Equal([0.97, 0.96, 0.95, 0.9], history.Select(m => m.Value));
        Assert.Equal([true, true, false, true], history.Select(m => m.MadeCurrent));
        Assert.All(history, m => Assert.Equal("robot", m.RecordedBy));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Measurements_are_paged_newest_first_and_bounded_in_number()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        for (var i = 0; i < 19; i++)
            Ok(await MeasureAsync(it, false, [.. Enumerable.Range(0, 500).Select(n => Measured("loss", i * 500 + n))]));
        var first = await HistoryAsync(it, "loss", 3);
        await MeasureAsync(it, false, Measured("loss", -1));
        var second = await HistoryAsync(it, "loss", 3, first.NextCursor);
        Assert.Empty(first.Items.Select(m => m.MeasurementId).Intersect(second.Items.Select(m => m.MeasurementId)));
        Assert.All(second.Items, m => Assert.InRange(m.Value, 9_000, 9_500));
        Assert.Equal("measurements_full", No(await MeasureAsync(it, false, [.. Enumerable.Range(0, 499).Select(n => Measured("loss", n))])));
        Ok(await MeasureAsync(it, false, [.. Enumerable.Range(0, 498).Select(n => Measured("loss", n))]));
        Assert.Equal("measurements_full", No(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.1 } })));
        Assert.Equal(0.9, Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v1")).Version!.Metrics["accuracy"]);
        Assert.Equal("cursor_invalid", No(await it.Services.Catalog.MeasurementsAsync(Robot, new MeasurementQuery("m", "v1", Cursor: "x"))));
    }

    [Fact]
    public async Task A_measurement_that_makes_no_sense_is_refused_by_name()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        foreach (var (bad, field) in new (NewMeasurement, string)[]
        {
            (new("a b\0", 1, MetricEvidence.None), "metric"), (new("a", double.NaN, MetricEvidence.None), "value"), (new("a", 1, new MetricEvidence(Count: 0)), "count"), (new("a", 1, new MetricEvidence(StandardError: -1)), "standard_error"),
            (new("a", 1, new MetricEvidence(Low: 0)), "low"), (new("a", 1, new MetricEvidence(Low: 2, High: 3)), "low"), (new("a", 1, new MetricEvidence(MeasuredAt: it.Clock.GetUtcNow().AddHours(1))), "measured_at"), (new("a", 1, new MetricEvidence("\0")), "dataset"),
        })
            Assert.Equal($"measurements[0].{field}", Assert.Single((await MeasureAsync(it, true, bad)).Refusal!.Fields!).Key);
        Assert.Equal("invalid_arguments", No(await MeasureAsync(it, true)));
        Assert.Equal("invalid_arguments", No(await MeasureAsync(it, true, Measured("a", 1), Measured("a", 2))));
        Assert.Equal("version_not_found", No(await it.Services.Metadata.MeasureAsync(Robot, new MeasurementWish("m", "v9", [Measured("a", 1)], true))));
        Assert.Single((await HistoryAsync(it)).Items);
    }

    [Fact]
    public async Task A_card_keeps_what_it_said_before_and_can_say_it_again()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        var of = new CardQuery("m", "v1");
        var registered = Ok(await it.Services.Catalog.CardAsync(Robot, of)).Text;
        it.Clock.Advance(TimeSpan.FromMinutes(1));
        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Card = "# Card\n\n## Intended use\n\nReading letters.\n" }));
        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Card = "" }));
        Ok(await EditAsync(it, new MetadataEdit("m") { Card = "---\nlicense: mit\n---\nOf the model." }));
        Assert.Equal(("model", "mit"), (Ok(await it.Services.Catalog.CardAsync(Robot, of)).From, (string?)Ok(await it.Services.Catalog.CardAsync(Robot, of)).FrontMatter["license"]));

        var edits = Ok(await it.Services.Catalog.CardHistoryAsync(Robot, of)).Items;
        Assert.Equal([0, registered.Length + 1, registered.Length], edits.Select(e => e.Characters));
        Assert.All(edits, e => Assert.Equal("robot", e.By));
        Assert.True(edits[1].At > edits[2].At);
        var changed = Ok(await it.Services.Catalog.CardEditAsync(Robot, of, edits[1].EditId, null));
        Assert.Equal(edits[2].EditId, changed.Against);
        Assert.Equal(["-Reading digits.", "+Reading letters."], changed.Difference.Where(l => l[0] != ' '));
        Assert.Equal(registered, Ok(await it.Services.Catalog.CardEditAsync(Robot, of, edits[2].EditId, null)).Text);
        Assert.Single(Ok(await it.Services.Catalog.CardHistoryAsync(Robot, new CardQuery("m"))).Items);
        // Neither the edits of another card nor any other id.
        foreach (var none in new[] { edits[2].EditId + "0", "", "\0", Ok(await it.Services.Catalog.CardHistoryAsync(Robot, new CardQuery("m"))).Items[0].EditId })
        {
            Assert.Equal("card_edit_not_found", No(await EditAsync(it, new MetadataEdit("m") { Version = "v1", CardFrom = none })));
            Assert.Equal("card_edit_not_found", No(await it.Services.Catalog.CardEditAsync(Robot, of, none, null)));
        }

        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "v1", CardFrom = edits[2].EditId }));
        Assert.Equal((registered, "version"), (Ok(await it.Services.Catalog.CardAsync(Robot, of)).Text, Ok(await it.Services.Catalog.CardAsync(Robot, of)).From));
        var page = Ok(await it.Services.Catalog.CardHistoryAsync(Robot, of with { Limit = 1 }));
        Assert.Equal(edits[2].Sha256, page.Items[0].Sha256);
        Assert.Equal(edits.Select(e => e.EditId), Ok(await it.Services.Catalog.CardHistoryAsync(Robot, of with { Cursor = page.NextCursor })).Items.Select(e => e.EditId));
        // The same text is kept once.
        Assert.Equal("4", (await it.RowsAsync("select count(*) from kept_text"))[0]);
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_card_that_cannot_be_read_is_refused_with_its_line_and_one_that_does_not_fit_is_kept_with_a_warning()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        const string broken = "---\nlicense: mit\ntags: [a\n---\n# x\n";
        Assert.Equal("card_unreadable", No(await EditAsync(it, new MetadataEdit("m") { Card = broken })));
        Assert.Equal("card_unreadable", No(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Card = broken })));
        Assert.Equal("card_unreadable", No(await RegisterAsync(it, "m", Metadata() with { Card = broken })));
        Assert.Equal("card_unreadable", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("n", Card: broken))));
        var edited = Ok(await EditAsync(it, new MetadataEdit("m") { Version = "v1", Card = "---\nlicence: mit\n---\n# x\n" }));
        Assert.Contains("line 2: licence", Assert.Single(edited.Warnings!), StringComparison.Ordinal);
        Assert.Equal("licence", Assert.Single(Ok(await it.Services.Catalog.CardAsync(Robot, new CardQuery("m", "v1"))).Problems).Field);
        Assert.Contains("licence", Assert.Single(Ok(await RegisterAsync(it, "m", Metadata() with { Card = "---\nlicence: mit\n---\n" })).Warnings!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lineage_is_followed_both_ways_through_models_versions_and_circles()
    {
        await using var it = await OpenAsync();
        Ok(await RegisterAsync(it, "base", new VersionMetadata { Dataset = "imagenet@1" }));
        Ok(await RegisterAsync(it, "mid", new VersionMetadata { Lineage = JsonNode.Parse("""{"base_model": "models:/base/1", "parents": ["elsewhere/thing"]}""")!.AsObject() }));
        Ok(await RegisterAsync(it, "mid", new VersionMetadata { Lineage = new JsonObject { ["parents"] = new JsonArray("v1", "v2") } }));
        Ok(await RegisterAsync(it, "top", new VersionMetadata { Lineage = new JsonObject { ["base_model"] = new JsonObject { ["name"] = "mid", ["version"] = "latest" } }, Dataset = "d@2", CodeCommit = "abc1234" }));
        Ok(await RegisterAsync(it, "loose", new VersionMetadata { Lineage = new JsonObject { ["base_model"] = "base" } }));
        // A circle.
        Ok(await EditAsync(it, new MetadataEdit("base") { Version = "1", Lineage = new JsonObject { ["base_model"] = "top:1" } }));

        var top = Ok(await it.Services.Catalog.LineageAsync(Robot, "top", null));
        Assert.Equal(["1 base_model mid v2", "1 dataset  ", "1 code_commit  ", "2 parent mid v1", "2 parent  ", "3 base_model base v1", "3 parent  ", "4 base_model top v1", "4 dataset  "], top.ComesFrom.Select(s => $"{s.Depth} {s.Kind} {s.ModelName} {s.Version}"));
        Assert.Equal("mid v2", top.ComesFrom[3].Of);
        Assert.Equal("elsewhere/thing", top.ComesFrom[6].Text);
        var below = Ok(await it.Services.Catalog.LineageAsync(Robot, "base", "1"));
        Assert.Equal(["1 mid v1", "1 loose v1", "2 mid v2", "3 top v1", "4 base v1"], below.Derived.Select(s => $"{s.Depth} {s.ModelName} {s.Version}"));
        Assert.False(below.Truncated);

        // What was meant stays meant: a new model of the old name is another one.
        Ok(await EditAsync(it, new MetadataEdit("base") { NewName = "basis" }));
        Ok(await RegisterAsync(it, "base", new VersionMetadata()));
        Assert.Equal("basis v1", Ok(await it.Services.Catalog.LineageAsync(Robot, "mid", "1")).ComesFrom.Where(s => s.Depth == 1).Select(s => $"{s.ModelName} {s.Version}").First());
        Assert.Empty(Ok(await it.Services.Catalog.LineageAsync(Robot, "base", null)).Derived);
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "mid"));
        Assert.True(Ok(await it.Services.Catalog.LineageAsync(Robot, "top", null)).ComesFrom[0].Deleted);
    }

    [Fact]
    public async Task A_lineage_that_leads_too_far_is_cut_and_says_so()
    {
        await using var it = await OpenAsync();
        for (var i = 1; i <= 20; i++)
            Ok(await RegisterAsync(it, "chain", new VersionMetadata { Lineage = i == 1 ? [] : new JsonObject { ["parent"] = $"v{i - 1}" } }));
        var end = Ok(await it.Services.Catalog.LineageAsync(Robot, "chain", "20"));
        Assert.Equal((16, true), (end.ComesFrom.Count, end.Truncated));
        Assert.True(Ok(await it.Services.Catalog.LineageAsync(Robot, "chain", "1")).Truncated);
        Assert.Equal((7, 12), (Ok(await it.Services.Catalog.LineageAsync(Robot, "chain", "8")).ComesFrom.Count, Ok(await it.Services.Catalog.LineageAsync(Robot, "chain", "8")).Derived.Count));
    }

    [Fact]
    public async Task Versions_are_found_by_what_they_were_made_from()
    {
        await using var it = await OpenAsync();
        var longOne = new string('é', 1_900);
        Ok(await RegisterAsync(it, "a", new VersionMetadata { Dataset = "d@1", CodeCommit = "0123abcd0123abcd" }));
        Ok(await RegisterAsync(it, "b", new VersionMetadata { Lineage = new JsonObject { ["datasets"] = new JsonArray("d@1", "d@2") }, Dataset = "d@1", CodeCommit = "ffff" }));
        Ok(await RegisterAsync(it, "b", new VersionMetadata { Dataset = longOne }));
        async Task<string> FindAsync(string? dataset, string? commit, int limit = 20) => string.Join(" ", Ok(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery(dataset, commit, limit))).Items.Select(v => $"{v.ModelName}{v.Number}"));

        Assert.Equal("b1 a1", await FindAsync("d@1", null));
        Assert.Equal("b1", await FindAsync(" d@2 ", null));
        Assert.Equal("b2", await FindAsync(longOne, null));
        Assert.Equal("a1", await FindAsync(null, "0123abc"));
        Assert.Equal("a1", await FindAsync(null, "0123abcd0123abcd"));
        Assert.Equal("b1", await FindAsync(null, "ffff"));
        Assert.Equal("", await FindAsync(null, "0123ab"));
        Assert.Equal("a1", await FindAsync("d@1", "0123abcd"));
        Assert.Equal("", await FindAsync("d@%", null));
        Assert.Equal("", await FindAsync("' or 1=1 --", "'"));
        var first = Ok(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery("d@1", null, 1)));
        Assert.Equal("a", Assert.Single(Ok(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery("d@1", null, 1, first.NextCursor))).Items).ModelName);
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery(" ", null))));
        Ok(await EditAsync(it, new MetadataEdit("a") { Version = "1", Dataset = "d@3" }));
        Assert.Equal("b1", await FindAsync("d@1", null));
        Assert.Equal("a1", await FindAsync("d@3", null));
    }

    [Fact]
    public async Task All_that_is_said_of_a_version_holds_of_one_and_the_same()
    {
        await using var it = await OpenAsync();
        VersionMetadata Of(string framework, double accuracy, params (string, string)[] tags) => new() { Framework = framework, Metrics = new Dictionary<string, double> { ["accuracy"] = accuracy, ["latency_ms"] = 100 * accuracy }, Tags = tags.ToDictionary(t => t.Item1, t => t.Item2) };
        // In production with another framework; the version with the right one is in development.
        Ok(await RegisterAsync(it, "near", Of("onnx", 0.95, ("team", "eu"))));
        Ok(await RegisterAsync(it, "near", Of("PyTorch", 0.99, ("team", "eu"))));
        Ok(await RegisterAsync(it, "hit", Of("PyTorch", 0.91, ("team", "eu"))));
        Ok(await RegisterAsync(it, "tagged", Of("", 0.80, ("framework", "pytorch"))));
        Ok(await RegisterAsync(it, "ofmodel", Of("pytorch", 0.92)));
        Ok(await EditAsync(it, new MetadataEdit("ofmodel") { Tags = new Dictionary<string, string> { ["team"] = "eu" } }));
        foreach (var model in new[] { "near", "hit", "tagged", "ofmodel" })
            await it.ProposeAsync(model, "v1", "production", by: Robot);
        async Task<string> FindAsync(string? stage, string[] tags, params MetricBound[] metrics) => string.Join(" ", Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery(Stage: stage) { Tags = tags, Metrics = metrics })).Items.Select(m => m.Name));

        Assert.Equal("hit ofmodel tagged", await FindAsync("production", ["framework:pytorch"]));
        Assert.Equal("hit ofmodel", await FindAsync("production", ["framework:pytorch", "team:eu"]));
        Assert.Equal("hit near ofmodel", await FindAsync(null, ["framework:pytorch", "team:eu"]));
        Assert.Equal("hit near ofmodel tagged", await FindAsync(null, ["framework:pytorch"]));
        Assert.Equal("near", await FindAsync("development", ["framework:pytorch"]));
        Assert.Equal("near ofmodel", await FindAsync("production", [], new MetricBound("accuracy", 0.92, null)));
        Assert.Equal("ofmodel", await FindAsync("production", [], new MetricBound("accuracy", 0.92, 0.94)));
        Assert.Equal("hit", await FindAsync(null, ["framework:pytorch"], new MetricBound("accuracy", 0.9, null), new MetricBound("latency_ms", null, 91)));
        Assert.Equal("", await FindAsync(null, [], new MetricBound("f1", 0, null)));
        Assert.Equal("", await FindAsync(null, ["' or 1=1 --"], new MetricBound("' or 1=1 --", 0, null)));

        async Task<string> VersionsAsync(string[] tags, params MetricBound[] metrics) => string.Join(" ", Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("near") { Tags = tags, Metrics = metrics })).Items.Select(v => v.Version));
        Assert.Equal("v2", await VersionsAsync(["framework:pytorch"]));
        Assert.Equal("v2 v1", await VersionsAsync(["team:eu"]));
        Assert.Equal("v1", await VersionsAsync(["team:eu", "team"], new MetricBound("accuracy", null, 0.95)));
        Ok(await EditAsync(it, new MetadataEdit("near") { Version = "1", Framework = "pytorch", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 } }));
        Assert.Equal("v2 v1", await VersionsAsync(["framework:pytorch"]));
        Assert.Equal("v1", await VersionsAsync([], new MetricBound("accuracy", 0.5, 0.5)));
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery { Tags = [.. Enumerable.Range(0, 9).Select(i => $"{i}")] })));
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("near") { Metrics = [.. Enumerable.Range(0, 9).Select(i => new MetricBound($"{i}", 1, null))] })));
    }

    [Fact]
    public async Task What_an_older_program_left_is_found_once_the_registry_is_opened()
    {
        await using var it = await OpenAsync();
        Ok(await RegisterAsync(it, "base", new VersionMetadata()));
        Ok(await RegisterAsync(it, "m", new VersionMetadata { Card = "# Old", Dataset = "d@1", Framework = "onnx", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 }, Lineage = new JsonObject { ["base_model"] = "base:1" } }));
        foreach (var table in new[] { "version_metric", "version_link", "measurement", "card_edit", "kept_text" })
            await it.ChangeRowsAsync($"delete from {table}");
        await it.ChangeRowsAsync("update version set indexed = 0");
        Assert.Empty(Ok(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery("d@1", null))).Items);
        await it.ReopenAsync();

        Assert.Single(Ok(await it.Services.Catalog.FromSourceAsync(Robot, new SourceQuery("d@1", null))).Items);
        Assert.Equal("base", Ok(await it.Services.Catalog.LineageAsync(Robot, "m", null)).ComesFrom[0].ModelName);
        Assert.Single(Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery { Tags = ["framework:onnx"], Metrics = [new MetricBound("accuracy", 0.9, null)] })).Items);
        Assert.Equal("0", (await it.RowsAsync("select count(*) from version where indexed = 0"))[0]);
        // The first edit keeps what was there, and claims nobody's name for it.
        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "1", Card = "# New", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.8 } }));
        var edits = Ok(await it.Services.Catalog.CardHistoryAsync(Robot, new CardQuery("m", "1"))).Items;
        Assert.Equal([("robot", true), (null, false)], edits.Select(e => (e.By, e.At is not null)));
        Assert.Equal("# Old", Ok(await it.Services.Catalog.CardEditAsync(Robot, new CardQuery("m", "1"), edits[1].EditId, null)).Text);
        Assert.Equal([(0.8, "robot"), (0.9, "")], (await HistoryAsync(it)).Items.Select(m => (m.Value, m.RecordedBy)));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Every_field_of_a_version_can_be_edited_and_the_default_be_pointed()
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("m", by: Robot);
        var file = Ok(MetadataFile.Parse("""{"framework": "onnx", "dependencies": ["numpy"], "hyperparameters": {"lr": 0.1}, "signature": {"inputs": []}, "lineage": {"parent": "v1"}, "tags": {"a": "b"}}"""));
        var edited = Ok(await EditAsync(it, Ok(new MetadataEdit("m") { Version = "2", Alias = "default", Framework = "torch" }.Over(file))));
        Assert.Equal(["tags.a", "framework", "dependencies", "hyperparameters", "signature", "lineage", "aliases.default"], edited.Changed);
        Ok(await EditAsync(it, new MetadataEdit("m") { Version = "1", Alias = "default" }));
        Assert.Equal("v1", Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Version!.Version);
        var version = Ok(await it.Services.Catalog.GetAsync(Robot, "m", "2")).Version!;
        Assert.Equal(("torch", "numpy", 0.1), (version.Framework, Assert.Single(version.Dependencies), (double)version.Hyperparameters["lr"]!));
        Assert.Empty(Ok(await EditAsync(it, Ok(new MetadataEdit("m") { Version = "2" }.Over(file)) with { Framework = "torch" })).Changed);
        // What no edit takes is named, and not dropped.
        foreach (var field in new[] { "format", "source", "run_id", "model_card" })
            Assert.Equal([field], new MetadataEdit("m") { Version = "2" }.Over(Ok(MetadataFile.Parse($$"""{"{{field}}": "onnx"}"""))).Refusal!.Fields!.Keys);
        Assert.Equal("invalid_arguments", No(await EditAsync(it, new MetadataEdit("m") { Lineage = [] })));
        Assert.Equal("invalid_arguments", No(await EditAsync(it, new MetadataEdit("m") { Version = "2", Hyperparameters = new JsonObject { ["x"] = new string('x', 70_000) } })));
    }
}
