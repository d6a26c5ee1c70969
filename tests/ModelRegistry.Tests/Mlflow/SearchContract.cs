using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Mlflow;
using ModelRegistry.Mlflow;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Mlflow;

public sealed class SqliteSearchTests : SearchContract
{
    private protected override Task<TestRegistry> OpenAsync() => EmptyAsync();
}

public sealed class PostgresSearchTests(PostgresCluster cluster) : SearchContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await EmptyAsync(database: await cluster.NewDatabaseAsync());
}

/// <summary>Searches held against the plainest reading of them: every row looked at, one after the other.</summary>
public abstract class SearchContract
{
    private static readonly string[] ModelNames = ["fraud", "Fraud.eu", "a_b", "aXb", "spam 100", "z-last"];
    private static readonly string[] Keys = ["team", "a b", "mlflow.prompt.is_prompt", "x%"];
    private static readonly string[] Values = ["", "risk", "Risk", "true", "50%", "50!", "Ärger", "it's", "a_b", "aXb"];
    private static readonly string[] Runs = ["", "r1", "r2", "R2"];

    private protected abstract Task<TestRegistry> OpenAsync();

    private static async Task FillAsync(TestRegistry it)
    {
        var random = new System.Random(11);
        foreach (var name in ModelNames)
        {
            await it.CreateAsync(name, tags: Keys.Where(_ => random.Next(2) == 0).ToDictionary(k => k, _ => random.GetItems(Values, 1)[0]));
            it.Clock.Advance(TimeSpan.FromMilliseconds(1));
            for (var i = random.Next(1, 7); i > 0; i--)
            {
                var tags = Keys.Where(_ => random.Next(2) == 0).ToDictionary(k => k, _ => random.GetItems(Values, 1)[0]);
                Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, new MlflowRegistration(name, $"s3://b/{random.GetItems(Values, 1)[0]}", "http://localhost", random.GetItems(Runs, 1)[0], "", "", "", tags)));
                // Times are shown in milliseconds, and kept more finely.
                it.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 3)));
            }
        }
        // What was changed since comes first, found by whichever of its tags.
        foreach (var name in ModelNames.Where(_ => random.Next(2) == 0))
        {
            Ok(await it.Services.Mlflow.SetVersionTagAsync(Robot, name, "1", Keys[0], random.GetItems(Values, 1)[0]));
            it.Clock.Advance(TimeSpan.FromMilliseconds(1));
            Ok(await it.Services.Mlflow.TransitionAsync(Robot, name, "1", "Staging", false, null));
            it.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.Empty(await it.RowsAsync("select t.version_id from version_tag t join version v on v.id = t.version_id where t.changed <> v.updated_at"));
    }

    private static readonly Gen<string> Pattern = Gen.OneOf(Gen.Elements(Values), Gen.Elements("%", "f%", "%a%", "_", "a_b", "R%", "r_", "%!%", "s3://b/%", "FRAUD%", "%\u00e4%"));

    private static readonly Gen<SearchComparison> OfText =
        from field in Gen.Elements(SearchField.Name, SearchField.Tag, SearchField.Tag, SearchField.RunId, SearchField.SourcePath)
        from key in Gen.Elements(Keys)
        from how in Gen.Elements(SearchOperator.Equal, SearchOperator.NotEqual, SearchOperator.Like, SearchOperator.ILike)
        from value in how is SearchOperator.Like or SearchOperator.ILike ? Pattern : Gen.Elements([.. ModelNames, "FRAUD", .. Values, .. Runs, "s3://b/risk"])
        select new SearchComparison(field, field == SearchField.Tag ? key : "", how, [value]);

    private static readonly Gen<SearchComparison> OfRuns =
        from runs in Gen.ListOf(Gen.Elements(Runs), 3)
        select new SearchComparison(SearchField.RunId, "", SearchOperator.In, [.. runs]);

    private static readonly Gen<SearchComparison> OfNumber =
        from how in Gen.Elements(SearchOperator.Equal, SearchOperator.NotEqual, SearchOperator.Less, SearchOperator.AtMost, SearchOperator.Greater, SearchOperator.AtLeast)
        from number in Gen.Choose(0, 6)
        select new SearchComparison(SearchField.VersionNumber, "", how, [], number);

    private static Gen<(List<SearchComparison> Filter, List<string> Order, int Page)> Search(SearchOf of) =>
        from count in Gen.Choose(0, 3)
        from filter in Gen.ListOf(of == SearchOf.Models ? OfText.Where(c => c.Field is SearchField.Name or SearchField.Tag) : Gen.OneOf(OfText, OfText, OfText, OfRuns, OfNumber), count)
        from order in Gen.SubListOf((string[])["name", "creation_timestamp DESC", "last_updated_timestamp", .. of == SearchOf.Models ? [] : (string[])["version_number"]])
        from page in Gen.Choose(1, 9)
        select (filter.ToList(), order.ToList(), page);

    [Fact]
    public async Task Versions_that_are_found_are_those_that_fit_in_their_order_on_whatever_pages()
    {
        await using var it = await OpenAsync();
        await FillAsync(it);
        var all = Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(null, [], null, null))).ModelVersions;
        Assert.InRange(all.Count, 15, 42);
        foreach (var (filter, order, page) in Search(SearchOf.Versions).Sample(400))
        {
            var found = new List<MlflowVersionView>();
            for (string? token = null; token != "";)
            {
                var part = Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(Written(filter), order, $"{page}", token)));
                Assert.True(part.NextPageToken == "" || part.ModelVersions.Count == page);
                found.AddRange(part.ModelVersions);
                token = part.NextPageToken;
            }
            var expected = InOrder(all.Where(v => filter.All(c => Fits(c, v.Name, v.Tags, v))), order, v => v.Name, v => v.CreationTimestamp, v => v.LastUpdatedTimestamp, v => int.Parse(v.Version, System.Globalization.CultureInfo.InvariantCulture), true);
            Same(expected, found, Written(filter), v => $"{v.Name}/{v.Version}");
        }
    }

    [Fact]
    public async Task Models_that_are_found_are_those_that_fit_in_their_order_on_whatever_pages()
    {
        await using var it = await OpenAsync();
        await FillAsync(it);
        var all = Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(null, [], null, null))).RegisteredModels;
        Assert.Equal(ModelNames.Length, all.Count);
        foreach (var (filter, order, page) in Search(SearchOf.Models).Sample(400))
        {
            var found = new List<MlflowModelView>();
            for (string? token = null; token != "";)
            {
                var part = Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(Written(filter), order, $"{page}", token)));
                found.AddRange(part.RegisteredModels);
                token = part.NextPageToken;
            }
            var expected = InOrder(all.Where(m => filter.All(c => Fits(c, m.Name, m.Tags, null))), order, m => m.Name, m => m.CreationTimestamp, m => m.LastUpdatedTimestamp, _ => 0, false);
            Same(expected, found, Written(filter), m => m.Name);
        }
    }

    [Fact]
    public async Task A_tag_as_long_as_a_text_is_kept_and_found_by_all_of_it()
    {
        await using var it = await OpenAsync();
        await FillAsync(it);
        // Nothing that could be pressed together.
        var random = new System.Random(5);
        string Long(int length) => string.Create(length, random, static (text, source) => { foreach (ref var c in text) c = (char)('!' + source.Next(90)); }).Replace('\'', '_');
        var (whole, start) = (Long(9_000), Long(250));
        foreach (var (key, value) in ((string, string)[])[("whole", whole), ("start", start + "a"), ("huge", Long(100_000))])
        {
            Ok(await it.Services.Mlflow.SetVersionTagAsync(Robot, "fraud", "1", key, value));
            Ok(await it.Services.Mlflow.SetModelTagAsync(Robot, "fraud", key, value));
        }
        async Task<(int, int)> FoundAsync(string filter) => (Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(filter, [], null, null))).ModelVersions.Count, Ok(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(filter, [], null, null))).RegisteredModels.Count);
        Assert.Equal((1, 1), await FoundAsync($"tags.whole = '{whole}'"));
        Assert.Equal((1, 1), await FoundAsync($"tags.start = '{start}a'"));
        Assert.Equal((0, 0), await FoundAsync($"tags.start = '{start}b'"));
        Assert.Equal((1, 1), await FoundAsync("tags.huge LIKE '%' AND tags.huge != 'x'"));
        Assert.Equal(["fraud"], Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery { Tags = [$"start:{start}a"] })).Items.Select(m => m.Name));
        Assert.Empty(Ok(await it.Services.Catalog.ListModelsAsync(Robot, new ModelQuery { Tags = [$"start:{start}b"] })).Items);
        Assert.Equal("search_filter_invalid", No(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch($"tags.whole LIKE '{new string('a', 251)}'", [], null, null))));
    }

    [Fact]
    public async Task Versions_that_say_much_come_on_more_pages_and_none_is_left_out()
    {
        await using var it = await OpenAsync();
        await it.CreateAsync("wordy");
        var tags = Enumerable.Range(0, 5).ToDictionary(i => $"t{i}", _ => new string('x', 100_000));
        for (var i = 0; i < 40; i++)
            Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, new MlflowRegistration("wordy", "runs:/r/m", "http://localhost", "", "", "", "", tags)));
        var (found, pages) = (new List<string>(), 0);
        for (string? token = null; token != ""; pages++)
        {
            var page = Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(null, [], null, token)));
            found.AddRange(page.ModelVersions.Select(v => v.Version));
            token = page.NextPageToken;
        }
        Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(n => $"{n}"), found);
        Assert.Equal(2, pages);
    }

    [Fact]
    public async Task A_token_of_another_search_begins_nothing()
    {
        await using var it = await OpenAsync();
        await FillAsync(it);
        var token = Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(null, [], "2", null))).NextPageToken;
        foreach (var (filter, order, given) in ((string?, string[], string)[])[(null, ["name"], token), ("name = 'fraud'", [], token), (null, [], "garbage"), (null, [], token[..^8]), (null, [], Convert.ToBase64String("[]"u8)), (null, [], Convert.ToBase64String("[null,null,null,null]"u8)), (null, [], new string('A', 100_000))])
            Assert.Equal("page_token_invalid", No(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(filter, order, "2", given))));
        foreach (var most in (string[])["0", "-1", "200001", "many", "1.5", ""])
            Assert.Equal("max_results_invalid", No(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch(null, [], most, "garbage"))));
        Assert.Equal("max_results_invalid", No(await it.Services.Mlflow.SearchModelsAsync(Robot, new MlflowSearch(null, [], "1001", null))));
    }

    [Fact]
    public async Task Where_a_version_came_from_is_found_for_those_that_were_there_before_it_was_kept()
    {
        await using var it = await OpenAsync();
        await FillAsync(it);
        var before = Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch("run_id IN ('r1', 'r2')", [], null, null))).ModelVersions.Count;
        await it.ChangeRowsAsync("update version set source = '', run_id = '', indexed = 0");
        await it.ReopenAsync();
        Assert.Equal(before, Ok(await it.Services.Mlflow.SearchVersionsAsync(Robot, new MlflowSearch("run_id IN ('r1', 'r2')", [], null, null))).ModelVersions.Count);
        Assert.True(before > 0);
    }

    private static void Same<T>(List<T> expected, List<T> found, string filter, Func<T, string> name)
    {
        Assert.True(expected.Select(name).Order(StringComparer.Ordinal).SequenceEqual(found.Select(name).Order(StringComparer.Ordinal)), $"{filter}\nexpected {string.Join(", ", expected.Select(name))}\nfound {string.Join(", ", found.Select(name))}");
        Assert.True(expected.Select(name).SequenceEqual(found.Select(name)), $"{filter}: in another order\nexpected {string.Join(", ", expected.Select(name))}\nfound {string.Join(", ", found.Select(name))}");
    }

    // The naive evaluator.
    private static bool Fits(SearchComparison c, string name, IReadOnlyList<MlflowTag> tags, MlflowVersionView? v) => c.Field switch
    {
        SearchField.VersionNumber => int.Parse(v!.Version, System.Globalization.CultureInfo.InvariantCulture) is var n && c.Operator switch
        {
            SearchOperator.Equal => n == c.Number,
            SearchOperator.NotEqual => n != c.Number,
            SearchOperator.Less => n < c.Number,
            SearchOperator.AtMost => n <= c.Number,
            SearchOperator.Greater => n > c.Number,
            _ => n >= c.Number,
        },
        SearchField.Tag => tags.FirstOrDefault(t => t.Key == c.Key) is { } tag ? Compares(c, tag.Value, false) : c is { Key: SearchComparison.PromptTag, Operator: SearchOperator.NotEqual },
        SearchField.Name => Compares(c, name, true),
        SearchField.RunId => Compares(c, v!.RunId, false),
        _ => Compares(c, v!.Source, false),
    };

    private static bool Compares(SearchComparison c, string text, bool isName) => c.Operator switch
    {
        SearchOperator.Equal => Equal(text, c.Values[0], isName),
        SearchOperator.NotEqual => !Equal(text, c.Values[0], isName),
        SearchOperator.In => c.Values.Contains(text),
        SearchOperator.Like => Like(text, c.Values[0]),
        _ => Like(Names.Fold(text), Names.Fold(c.Values[0])),
    };

    private static bool Equal(string a, string b, bool isName) => isName ? Names.Fold(a) == Names.Fold(b) : a == b;

    private static bool Like(string text, string pattern) =>
        Regex.IsMatch(text, $"\\A{Regex.Escape(pattern).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal)}\\z", RegexOptions.Singleline);

    private static List<T> InOrder<T>(IEnumerable<T> rows, List<string> order, Func<T, string> name, Func<T, long> created, Func<T, long> updated, Func<T, int> number, bool versions)
    {
        var sorted = rows.OrderBy(_ => 0);
        foreach (var term in order)
            sorted = term switch
            {
                "name" => sorted.ThenBy(r => Names.Fold(name(r)), StringComparer.Ordinal),
                "creation_timestamp DESC" => sorted.ThenByDescending(created),
                "last_updated_timestamp" => sorted.ThenBy(updated),
                _ => sorted.ThenBy(number),
            };
        return [.. versions ? sorted.ThenByDescending(updated).ThenBy(r => Names.Fold(name(r)), StringComparer.Ordinal).ThenByDescending(number) : sorted.ThenBy(r => Names.Fold(name(r)), StringComparer.Ordinal)];
    }

    private static string Written(List<SearchComparison> filter) => string.Join(" AND ", filter.Select(c =>
    {
        var field = c.Field switch { SearchField.Name => "name", SearchField.Tag => $"tags.`{c.Key}`", SearchField.RunId => "run_id", SearchField.SourcePath => "source_path", _ => "version_number" };
        var values = c.Values.Select(v => $"'{v.Replace("'", "''", StringComparison.Ordinal)}'");
        return c.Operator switch
        {
            SearchOperator.In => $"{field} IN ({string.Join(", ", values)})",
            SearchOperator.Like or SearchOperator.ILike => $"{field} {c.Operator.ToString().ToUpperInvariant()} {values.First()}",
            _ => $"{field} {c.Operator switch { SearchOperator.Equal => "=", SearchOperator.NotEqual => "!=", SearchOperator.Less => "<", SearchOperator.AtMost => "<=", SearchOperator.Greater => ">", _ => ">=" }} {(c.Field == SearchField.VersionNumber ? c.Number : values.First())}",
        };
    }));
}
