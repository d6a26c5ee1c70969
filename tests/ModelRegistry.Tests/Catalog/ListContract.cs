using System.Buffers.Text;
using System.Text;
using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Pages and filters of the lists, the same on both databases.</summary>
public abstract class ListContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task<List<string>> ModelsAsync(TestRegistry it, ModelQuery query) =>
        [.. Ok(await it.Services.Catalog.ListModelsAsync(Robot, query)).Items.Select(m => m.Name)];

    private static async Task<List<string>> AllModelsAsync(TestRegistry it, ModelQuery query, Func<int, Task>? between = null)
    {
        var names = new List<string>();
        for (var page = 0; ; page++)
        {
            var got = Ok(await it.Services.Catalog.ListModelsAsync(Robot, query));
            Assert.InRange(got.Items.Count, 0, query.Limit);
            names.AddRange(got.Items.Select(m => m.Name));
            if (got.NextCursor is null)
                return names;
            query = query with { Cursor = got.NextCursor };
            if (between is not null)
                await between(page);
        }
    }

    [Fact]
    public async Task The_audit_log_is_filtered_by_verb_outcome_and_all_together()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("a");
        Assert.Equal("model_exists", No(await it.Services.Metadata.CreateModelAsync(Robot, new NewModel("a"))));
        var version = await it.RegisterAsync("a", by: Robot);
        async Task<List<string>> ListAsync(ModelRegistry.Audit.AuditQuery query) => [.. Ok(await it.Services.Audit.ListAsync(Robot, query)).Items.Select(e => $"{e.Verb} {e.Outcome}")];
        Assert.Equal(["model.create refused", "model.create done"], await ListAsync(new(Verb: "model.create")));
        Assert.Equal(["model.create refused"], await ListAsync(new(Outcome: "refused")));
        Assert.Equal(["model.create done"], await ListAsync(new(Verb: "model.create", Outcome: "done", ActorId: Robot.Id)));
        Assert.Equal(["version.register done"], await ListAsync(new("a", version.VersionId, Robot.Id, Verb: "version.register", Outcome: "done")));
        Assert.Empty(await ListAsync(new(Verb: "model.create' or 1=1", Outcome: "refused")));
        Assert.Equal("invalid_arguments", No(await it.Services.Audit.ListAsync(Robot, new(Outcome: "maybe"))));
    }

    [Fact]
    public async Task Pages_show_each_model_once_while_others_come_and_go()
    {
        await using var it = await OpenAsync();
        foreach (var i in Enumerable.Range(0, 10))
            await it.CreateAsync($"m{i}");

        var seen = await AllModelsAsync(it, new ModelQuery(Limit: 3), async page =>
        {
            // Before and after where the reader is, and the very model the cursor stands on.
            await it.CreateAsync($"a{page}");
            if (page == 0)
                Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "m2"));
            if (page == 1)
                Ok(await it.Services.Metadata.DeleteModelAsync(Robot, "m9"));
        });

        Assert.Equal(["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"], seen);
    }

    [Fact]
    public async Task Versions_are_paged_newest_first_while_new_ones_arrive()
    {
        await using var it = await OpenAsync();
        foreach (var _ in Enumerable.Range(0, 5))
            await it.RegisterAsync("m", by: Robot);

        var first = Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Limit: 2)));
        await it.RegisterAsync("m", by: Robot);
        var second = Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Limit: 2, Cursor: first.NextCursor)));
        var third = Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Limit: 2, Cursor: second.NextCursor)));

        Assert.Equal(["v5", "v4", "v3", "v2", "v1"], first.Items.Concat(second.Items).Concat(third.Items).Select(v => v.Version));
        Assert.Null(third.NextCursor);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("' or 1=1 --")]
    [InlineData("W10")] // []
    [InlineData("bnVsbA")] // null
    [InlineData("WyJhIiwiYiIsImMiXQ")] // three keys
    [InlineData("W251bGxd")] // [null]
    [InlineData("WyJcdWQ4MDAiXQ")] // a lone surrogate
    [InlineData("WyJcdTAwMDAiXQ")] // U+0000
    [InlineData("ÿÿ")]
    public async Task A_cursor_that_no_list_gave_out_is_refused(string cursor)
    {
        await using var it = await OpenAsync();
        await it.RegisterAsync("m", by: Robot);
        var services = it.Services;

        Assert.Equal("cursor_invalid", No(await services.Catalog.ListModelsAsync(Robot, new ModelQuery(Cursor: cursor))));
        Assert.Equal("cursor_invalid", No(await services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Cursor: cursor))));
        Assert.Equal("cursor_invalid", No(await services.Catalog.HistoryAsync(Robot, new HistoryQuery("m", Cursor: cursor))));
        Assert.Equal("cursor_invalid", No(await services.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery(Cursor: cursor))));
    }

    [Fact]
    public async Task A_cursor_with_sql_in_its_key_is_just_a_key()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("m");
        var cursor = Base64Url.EncodeToString(Encoding.UTF8.GetBytes("[\"l' or 'a'='a\"]"));

        Assert.Equal(["m"], await ModelsAsync(it, new ModelQuery(Cursor: cursor)));
        Assert.Equal("cursor_invalid", No(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Cursor: cursor))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(101)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public async Task A_page_holds_one_to_a_hundred(int limit)
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("m");

        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery(Limit: limit))));
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Limit: limit))));
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.HistoryAsync(Robot, new HistoryQuery("m", Limit: limit))));
        Assert.Equal("invalid_arguments", No(await it.Services.Audit.ListAsync(Robot, new ModelRegistry.Audit.AuditQuery(Limit: limit))));
    }

    [Fact]
    public async Task Search_takes_every_character_as_it_stands_and_ignores_case_in_every_language()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("percent", "100% sure");
        await it.CreateAsync("plain", "1000 sure");
        await it.CreateAsync("under_score", @"back\slash");
        await it.CreateAsync("bang", "Nice! Really");
        await it.CreateAsync("umlaut", "Größe der ÄPFEL und ЁЛКИ");

        Assert.Equal(["percent"], await ModelsAsync(it, new ModelQuery("100%")));
        Assert.Equal(["percent", "plain"], await ModelsAsync(it, new ModelQuery("100")));
        Assert.Equal(["under_score"], await ModelsAsync(it, new ModelQuery("r_s")));
        Assert.Equal(["under_score"], await ModelsAsync(it, new ModelQuery(@"k\s")));
        Assert.Equal(["bang"], await ModelsAsync(it, new ModelQuery("NICE! r")));
        Assert.Equal(["umlaut"], await ModelsAsync(it, new ModelQuery("äpfel")));
        Assert.Equal(["umlaut"], await ModelsAsync(it, new ModelQuery("GRÖßE")));
        Assert.Equal(["umlaut"], await ModelsAsync(it, new ModelQuery("ёлки")));
        Assert.Equal(["percent"], await ModelsAsync(it, new ModelQuery("PERC")));
        foreach (var nothing in new[] { "%%", "__", "' or '1'='1", "\\", "\0", "\ud800", "sure'); drop table model; --" })
            Assert.Equal(nothing == "\\" ? ["under_score"] : [], await ModelsAsync(it, new ModelQuery(nothing)));
        Assert.Equal(5, (await ModelsAsync(it, new ModelQuery("  "))).Count);
    }

    [Fact]
    public async Task An_edited_description_is_found_by_its_new_words_only()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("m", "ALTER TEXT");
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Description = "Ölmessung" }));

        Assert.Equal(["m"], await ModelsAsync(it, new ModelQuery("ÖLMESS")));
        Assert.Empty(await ModelsAsync(it, new ModelQuery("alter")));
    }

    [Fact]
    public async Task Tags_stages_and_tasks_filter_and_combine()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("a", task: "vision", tags: new() { ["team"] = "eu", ["tier"] = "" });
        await it.CreateAsync("b", task: "vision", tags: new() { ["team"] = "us" });
        await it.RegisterAsync("c", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("c") { Version = "v1", Tags = new Dictionary<string, string> { ["team:lead"] = "eu:west" } }));
        await it.ProposeAsync("c", "v1", "staging", by: Robot);

        Assert.Equal(["a", "b"], await ModelsAsync(it, new ModelQuery { Tags = ["team"] }));
        Assert.Equal(["a"], await ModelsAsync(it, new ModelQuery { Tags = ["team:eu"] }));
        Assert.Equal(["a"], await ModelsAsync(it, new ModelQuery { Tags = ["tier:"] }));
        Assert.Equal(["c"], await ModelsAsync(it, new ModelQuery { Tags = ["team:lead"] }));
        Assert.Equal(["c"], await ModelsAsync(it, new ModelQuery { Tags = ["team:lead:eu:west"] }));
        Assert.Empty(await ModelsAsync(it, new ModelQuery { Tags = ["team:e%"] }));
        Assert.Empty(await ModelsAsync(it, new ModelQuery { Tags = ["' or 1=1 --"] }));
        Assert.Equal(["b"], await ModelsAsync(it, new ModelQuery(Task: "vision") { Tags = ["team:us"] }));
        Assert.Equal(["a", "b"], await ModelsAsync(it, new ModelQuery(Task: "vision")));
        Assert.Empty(await ModelsAsync(it, new ModelQuery(Task: "VISION' --")));
        Assert.Equal(["c"], await ModelsAsync(it, new ModelQuery(Stage: "Staging")));
        Assert.Empty(await ModelsAsync(it, new ModelQuery(Stage: "prod")));
        Assert.Equal("stage_unknown", No(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery(Stage: "prod' --"))));
        Assert.Equal("stage_unknown", No(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("c", Stage: "nowhere"))));
        Assert.Equal("v1", Assert.Single(Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("c", Stage: "staging"))).Items).Version);
        Assert.Empty(Ok(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("c", Stage: "dev"))).Items);
    }

    [Fact]
    public async Task Versions_are_narrowed_by_status_and_default_and_every_page_goes_on()
    {
        await using var it = await OpenAsync();
        for (var i = 0; i < 105; i++)
            await it.RegisterAsync("m", by: Robot);
        await it.ProposeAsync("m", "v2", "staging", by: Robot);
        await it.ProposeAsync("m", "v3", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("m") { Version = "v1", Deprecated = true }));
        async Task<List<string>> AllAsync(VersionQuery query)
        {
            var labels = new List<string>();
            for (var page = 0; page < 20; page++)
            {
                var got = Ok(await it.Services.Catalog.ListVersionsAsync(Robot, query));
                Assert.InRange(got.Items.Count, 0, query.Limit);
                labels.AddRange(got.Items.Select(v => v.Version));
                if (got.NextCursor is null)
                    return labels;
                query = query with { Cursor = got.NextCursor };
            }
            throw new InvalidOperationException("The list has no end.");
        }

        Assert.Equal(["v2"], await AllAsync(new VersionQuery("m", Status: "Approved")));
        Assert.Equal(["v3"], await AllAsync(new VersionQuery("m", Status: "deployed", Limit: 1)));
        Assert.Equal(["v1"], await AllAsync(new VersionQuery("m", Status: "deprecated", Limit: 2)));
        Assert.Empty(await AllAsync(new VersionQuery("m", Status: "testing")));
        Assert.Equal([.. Enumerable.Range(4, 102).Reverse().Append(1).Select(n => $"v{n}")], await AllAsync(new VersionQuery("m", Status: "training", Limit: 13)));
        Assert.Equal(["v3"], await AllAsync(new VersionQuery("m", IsDefault: true)));
        Assert.Equal(104, (await AllAsync(new VersionQuery("m", IsDefault: false, Limit: 100))).Count);
        Assert.Equal(["v2"], await AllAsync(new VersionQuery("m", Stage: "staging", Status: "approved", IsDefault: false)));
        Assert.Equal("invalid_arguments", No(await it.Services.Catalog.ListVersionsAsync(Robot, new VersionQuery("m", Status: "approved' or 1=1"))));
    }

    [Fact]
    public async Task A_list_tells_tags_counts_and_what_serves_of_each_model()
    {
        await using var it = await OpenAsync();
        foreach (var i in Enumerable.Range(0, 30))
            await it.CreateAsync($"m{i:00}", tags: new() { ["i"] = $"{i}", ["kind"] = "test" });
        await it.RegisterAsync("m07", by: Robot);
        await it.RegisterAsync("m07", by: Robot);
        await it.ProposeAsync("m07", "v1", by: Robot);

        var items = Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery(Limit: 100))).Items;

        Assert.All(items.Index(), m => Assert.Equal(($"{m.Index}", "test"), (m.Item.Tags["i"], m.Item.Tags["kind"])));
        Assert.Equal(("v2", "v1", 2L), (items[7].LatestVersion, items[7].ServingVersion, items[7].Versions));
        Assert.Equal((null, null, 0L), (items[8].LatestVersion, items[8].ServingVersion, items[8].Versions));
    }

    [Fact]
    public async Task An_inactive_model_is_hidden_until_asked_for()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("on");
        await it.CreateAsync("off");
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("off") { IsActive = false }));

        Assert.Equal(["on"], await ModelsAsync(it, new ModelQuery()));
        Assert.Equal(["off", "on"], await ModelsAsync(it, new ModelQuery(IncludeInactive: true)));
        Assert.False(Ok(await it.Services.Catalog.GetAsync(Robot, "off", null)).IsActive);
    }
}
