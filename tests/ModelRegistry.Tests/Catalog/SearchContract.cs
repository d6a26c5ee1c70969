using ModelRegistry.Catalog;
using ModelRegistry.Mlflow;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Searches of models by parts of words, held against the names and descriptions themselves, the same on both databases.</summary>
public abstract class SearchContract
{
    // Few, so that parts repeat. The tube is two characters to .NET, and the last e has its accent beside it.
    private static readonly string[] Letters = ["a", "b", "B", "é", "Ö", "%", "_", "!", " ", "\U0001F9EA", "İ", "e\u0301"];

    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task<List<ModelView>> ModelsAsync(TestRegistry it, string? search = null)
    {
        var (all, query) = (new List<ModelView>(), new ModelQuery(search, Limit: 7));
        do
        {
            var page = Ok(await it.Services.Catalog.ListModelsAsync(Robot, query));
            all.AddRange(page.Items);
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        return all;
    }

    private static string Any(Random random, string[] letters, int most) => string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => letters[random.Next(letters.Length)]));

    private static async Task FillAsync(TestRegistry it, Random random)
    {
        for (var i = 0; i < 30; i++)
            await it.CreateAsync($"m{i}{Any(random, ["a", "b", "-"], 8)}x", Any(random, Letters, 30));
    }

    /// <summary>What a search finds is what has it, for parts of every length, and for parts of nothing.</summary>
    private static async Task SearchAsync(TestRegistry it, Random random)
    {
        var all = await ModelsAsync(it);
        var searches = new List<string>();
        foreach (var text in all.SelectMany(m => (string[])[m.Name, m.Description]).Where(t => t.Length > 0))
            searches.Add(text.Substring(random.Next(text.Length)) is var rest ? rest[..random.Next(1, rest.Length + 1)] : "");
        searches.AddRange(Enumerable.Range(0, 20).Select(_ => Any(random, Letters, 6)));
        var (found, lengthy) = (0, 0);
        // Half a character is none, and blanks alone ask for nothing.
        foreach (var search in searches.Where(s => s.Trim() == s && s.Length > 0 && !char.IsLowSurrogate(s[0]) && !char.IsHighSurrogate(s[^1])))
        {
            var expected = all.Where(m => Has(m.Name, search) || Has(m.Description, search)).Select(m => m.Name).ToList();
            Assert.Equal((search, string.Join(' ', expected)), (search, string.Join(' ', (await ModelsAsync(it, search)).Select(m => m.Name))));
            found += expected.Count > 0 ? 1 : 0;
            lengthy += search.Length > 10 ? 1 : 0;
        }
        foreach (var name in all.Select(m => m.Name))
        {
            var part = name[random.Next(name.Length)..];
            await MlflowAsync(it, all, $"name ILIKE '%{part.ToUpperInvariant()}%'", n => n.Contains(part, StringComparison.Ordinal));
            await MlflowAsync(it, all, $"name LIKE '%{part}'", n => n.EndsWith(part, StringComparison.Ordinal));
            if (part.Length > 4)
                await MlflowAsync(it, all, $"name LIKE '%{part[..3]}_{part[4..]}%'", n => Enumerable.Range(0, Math.Max(0, n.Length - part.Length + 1)).Any(i => n.AsSpan(i, 3).SequenceEqual(part.AsSpan(0, 3)) && n.AsSpan(i + 4).StartsWith(part.AsSpan(4))));
        }
        Assert.InRange(found, 20, 80);
        Assert.InRange(lengthy, 1, 60);
    }

    private static async Task MlflowAsync(TestRegistry it, IEnumerable<ModelView> all, string filter, Func<string, bool> fits)
    {
        var found = Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(filter, [], "100", null))).RegisteredModels.Select(m => m.Name);
        Assert.Equal((filter, string.Join(' ', all.Select(m => m.Name).Where(fits))), (filter, string.Join(' ', found)));
    }

    private static bool Has(string text, string part) => text.ToLowerInvariant().Contains(part.ToLowerInvariant(), StringComparison.Ordinal);

    [Fact]
    public async Task Every_part_of_a_name_or_a_description_finds_what_has_it_and_nothing_else()
    {
        await using var it = await OpenAsync();
        var random = new Random(20261128);
        await FillAsync(it, random);
        await SearchAsync(it, random);

        foreach (var (i, model) in (await ModelsAsync(it)).Index())
            if (i % 3 == 0)
                Ok(await it.Services.Metadata.DeleteModelAsync(Robot, model.Name));
            else if (i % 3 == 1)
                Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit(model.Name) { NewName = $"{model.Name}-ab", Description = Any(random, Letters, 30) }));
        await SearchAsync(it, random);
        Assert.Equal("0", Assert.Single(await it.RowsAsync("select count(*) from model_gram g where not exists (select 1 from model m where m.id = g.model_id and m.deleted_at is null)")));
    }

    [Fact]
    public async Task A_registry_of_an_older_program_is_searched_like_one_of_this()
    {
        await using var it = await OpenAsync();
        var random = new Random(3);
        await FillAsync(it, random);
        Ok(await it.Services.Metadata.DeleteModelAsync(Robot, (await ModelsAsync(it))[4].Name));
        var written = await it.RowsAsync("select gram || ' ' || model_id from model_gram order by gram, model_id");
        await it.ChangeRowsAsync("drop table model_gram");
        await it.ChangeRowsAsync("delete from schema_migration where version = 17");

        await it.ReopenAsync();

        Assert.Equal(written, await it.RowsAsync("select gram || ' ' || model_id from model_gram order by gram, model_id"));
        await SearchAsync(it, random);
    }

    [Fact]
    public async Task What_nearly_all_have_is_found_as_well_as_what_one_has()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("first", "a tumour detector");
        await it.ChangeRowsAsync("""
            with recursive n(i) as (select 1001 union all select i + 1 from n where i < 2100) insert into model (id, name, name_key, description, description_key, task, owner, versioning, card, is_active, highest_number, version_count, latest_label, created_at, updated_at, deleted_at, row_version)
            select 'mdl_' || i, 'same-' || i, 'same-' || i, '', '', '', owner, versioning, '', 1, 0, 0, null, created_at, updated_at, null, 1 from model, n where name = 'first'
            """);
        // As the step of the schema finds them.
        await it.ChangeRowsAsync("drop table model_gram");
        await it.ChangeRowsAsync("delete from schema_migration where version = 17");
        await it.ReopenAsync();

        async Task<List<string>> FirstAsync(string search) => [.. Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery(search, Limit: 3))).Items.Select(m => m.Name)];
        Assert.Equal(["same-1001", "same-1002", "same-1003"], await FirstAsync("same-"));
        Assert.Equal(["same-2100"], await FirstAsync("e-2100"));
        Assert.Equal(["same-1017", "same-2017"], await FirstAsync("017"));
        Assert.Equal(["first"], await FirstAsync("umour Det"));
        Assert.Empty(await FirstAsync("same-1001 umour"));
        Assert.Empty(await FirstAsync("ame-same-ame-same-ame-same-ame"));
    }

    [Theory]
    [InlineData("ab\0cd")]
    [InlineData("abc\ud800")]
    [InlineData("\udc00abc")]
    [InlineData("' or '1'='1")]
    [InlineData("%%%%")]
    [InlineData("____")]
    public async Task What_no_text_has_finds_nothing(string search)
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("abcdefg", "abc cd");
        Assert.Empty(await ModelsAsync(it, search));
    }
}
