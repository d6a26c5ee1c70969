using System.Net;
using System.Text.RegularExpressions;
using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>Pages about models, as a real server sends them.</summary>
public sealed class ModelPageTests
{
    [Fact]
    public async Task Nobody_looks_without_signing_in_and_is_led_back_afterwards()
    {
        await using var it = await OpenAsync();
        await using var server = await ServeProcess.StartAsync(it.DataFolder);
        await using var nobody = SignedIn.Nobody(server.Address);
        foreach (var path in new[] { "/ui/models", "/ui/models/churn", "/ui/models/churn/versions/v1", "/ui/models/churn/compare?versions=v1&versions=v2", "/ui/audit?verb=model.create", "/ui/policy" })
        {
            using var answer = await nobody.GetAsync(path);
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
            Assert.Equal($"/ui/sign-in?next={Uri.EscapeDataString(path)}", answer.Headers.Location?.ToString());
        }
    }

    [Fact]
    public async Task An_empty_registry_says_how_the_first_model_is_registered()
    {
        await using var it = await OpenAsync();
        await using var ben = await SignedIn.ToAsync(it);
        Assert.Contains("modelregistry register fraud-detector --file model.onnx", await ben.PageAsync("/ui/models"), StringComparison.Ordinal);
        Assert.Contains("No model is like that.", await ben.PageAsync("/ui/models?search=x"), StringComparison.Ordinal);
        foreach (var path in new[] { "/ui/models/nowhere", "/ui/models/nowhere/versions/v1", "/ui/models/nowhere/compare?versions=1&versions=2", "/ui/models/a%2Fb", "/ui/models/%EF%BF%BD" })
            Assert.Contains("<code>model_not_found</code>", await ben.PageAsync(path, HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_shows_what_serves_who_approved_it_its_metrics_and_its_history()
    {
        await using var it = await Gallery.StoryAsync();
        await using var ben = await SignedIn.ToAsync(it);

        var list = await ben.PageAsync("/ui/models?task=classification&stage=production&tag=team:risk");
        Assert.Equal(["fraud-detector"], Names(list));
        Assert.Contains("""<a href="/ui/models/fraud-detector/versions/v5">v5</a>""", list, StringComparison.Ordinal);

        var page = await ben.PageAsync("/ui/models/fraud-detector");
        var tile = Between(page, "<h3>production", "</li>");
        Assert.Contains(">v5</a>", tile, StringComparison.Ordinal);
        Assert.Contains("Approved by <b>ben</b>, <b>authenticated</b>", Flat(tile), StringComparison.Ordinal);
        var promotion = Regex.Match(tile, """href="(/ui/promotions/prm_[^"]+)""").Groups[1].Value;
        Assert.Contains($"/ui/audit?subject={promotion["/ui/promotions/".Length..]}", await ben.PageAsync(promotion), StringComparison.Ordinal);

        // Seven metrics, six plots, of what most versions report; each marked and with its words.
        Assert.Equal(6, Regex.Count(page, "<svg "));
        Assert.Contains("<title id=\"plot0-t\">accuracy over versions</title>", page, StringComparison.Ordinal);
        Assert.Contains("7 values from v1 (0.86) to v7 (0.951), between 0.86 and 0.951; higher is better. v5 serves production with 0.934.", page, StringComparison.Ordinal);
        Assert.Contains("▼ lower is better", Flat(page), StringComparison.Ordinal);
        var one = await ben.PageAsync("/ui/models/fraud-detector?metric=recall&metric=nothing");
        Assert.Equal(1, Regex.Count(one, "<svg "));
        Assert.Contains("recall over versions", one, StringComparison.Ordinal);

        // A stage is what it is; what serves where nobody is asked is said, and not put forward.
        var rows = Between(page, """<h2 id="versions">""", "</table>");
        Assert.Contains("aria-label=\"Compare v5\"", Between(rows, """<tr class="now">""", "</tr>"), StringComparison.Ordinal);
        Assert.Single(Regex.Matches(rows, "class=\"now\""));
        Assert.Contains("staging <span class=\"pill plain\">serves</span>", Flat(rows), StringComparison.Ordinal);
        Assert.DoesNotMatch("Status|pending.review|approved|deployed", rows);

        Assert.Equal(3, Regex.Count(Between(page, """<h2 id="history">""", """<h2 id="about">"""), "Approved by"));
        Assert.Equal(["v7"], Versions(await ben.PageAsync("/ui/models/fraud-detector?stage=staging")));
        Assert.Contains("<code>stage_unknown</code>", await ben.PageAsync("/ui/models/fraud-detector?stage=attic", HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("modelregistry register empty-yet --file", await ben.PageAsync("/ui/models/empty-yet"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_shows_all_that_is_known_and_how_it_is_proposed()
    {
        await using var it = await Gallery.StoryAsync();
        await using var ben = await SignedIn.ToAsync(it);
        var info = Ok(await it.Services.Catalog.GetAsync(await it.AgentAsync(), "fraud-detector", "v7")).Version!;

        var page = await ben.PageAsync("/ui/models/fraud-detector/versions/v7");
        foreach (var known in new[] { "0.951", "cosine", "s3://data/fraud@2026-07", "6f3c9a1", "onnxruntime==1.20.0", "float32", "Trained on month 7.", "Not for decisions about people.", "@candidate", "nightly-6", info.Digest, info.VersionId, info.Files[0].Sha256, info.Files[1].Sha256 })
            Assert.Contains(known, page, StringComparison.Ordinal);
        Assert.Contains("modelregistry promote fraud-detector v7 production --reason", page, StringComparison.Ordinal);
        Assert.Contains(">pending</span>", Between(page, """<h2 id="promotions">""", "</section>"), StringComparison.Ordinal);
        Assert.DoesNotContain(">pending</span>", Between(await ben.PageAsync("/ui/models/fraud-detector/versions/2"), """<h2 id="promotions">""", "</section>"), StringComparison.Ordinal);
        Assert.Contains("promote &#x27;demand forecast&#x27; v1 production", await ben.PageAsync("/ui/models/demand%20forecast/versions/latest"), StringComparison.Ordinal);
        Assert.Contains("<code>version_not_found</code>", await ben.PageAsync("/ui/models/fraud-detector/versions/99", HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_are_compared_with_what_serves_or_with_the_one_named()
    {
        await using var it = await Gallery.StoryAsync();
        await using var ben = await SignedIn.ToAsync(it);

        var page = await ben.PageAsync("/ui/models/fraud-detector/compare?versions=v7&versions=v1&versions=v5");
        Assert.Contains("<h1>v5, v1, v7 of fraud-detector</h1>", page, StringComparison.Ordinal);
        var accuracy = Flat(Between(page, """<th scope="row">accuracy""", "</tr>"));
        Assert.Contains("0.951 <span class=\"mark\">best</span> <small class=\"good\">+0.017 better</small>", accuracy, StringComparison.Ordinal);
        Assert.Contains("<small class=\"bad\">−0.074 worse</small>", accuracy, StringComparison.Ordinal);
        // 14 ms, 11.2 and 9.8: less is better.
        Assert.Contains("<small class=\"good\">−1.4 better</small>", Flat(Between(page, """<th scope="row">latency_ms""", "</tr>")), StringComparison.Ordinal);
        Assert.Contains("differs", Between(page, """<th scope="row">dataset""", "</th>"), StringComparison.Ordinal);
        Assert.DoesNotContain("differs", Between(page, """<th scope="row">framework""", "</th>"), StringComparison.Ordinal);
        Assert.Contains("2 files differ", page, StringComparison.Ordinal);
        Assert.Contains("1 file differs, 1 are the same", await ben.PageAsync("/ui/models/fraud-detector/compare?versions=1&versions=2"), StringComparison.Ordinal);
        Assert.Contains("<h1>v1, v5, v7 of", await ben.PageAsync("/ui/models/fraud-detector/compare?versions=v7&versions=v1&versions=v5&base=v1"), StringComparison.Ordinal);
        foreach (var few in new[] { "", "?versions=v1", "?versions=v1&versions=1", "?" + string.Join('&', Enumerable.Range(1, 30).Select(i => $"versions={i}")) })
            await ben.PageAsync($"/ui/models/fraud-detector/compare{few}", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Thousands_are_shown_page_by_page()
    {
        await using var it = await OpenAsync();
        var robot = await it.AgentAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, cancel) => Ok(await it.Services.Metadata.CreateModelAsync(robot, new NewModel($"model-{i:D4}", $"The {i}th."), cancel)));
        var file = it.File("weights");
        foreach (var i in Enumerable.Range(0, 120))
            Ok(await it.Services.Intake.RegisterAsync(robot, new Registration("model-0007", null, null, [file], Metadata(0.5 + i / 1000.0))));
        await using var ben = await SignedIn.ToAsync(it);

        var first = await ben.PageAsync("/ui/models");
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"model-{i:D4}"), Names(first));
        Assert.Equal(Enumerable.Range(30, 30).Select(i => $"model-{i:D4}"), Names(await ben.PageAsync(Next(first))));
        var found = await ben.PageAsync("/ui/models?search=model-19");
        Assert.Contains("search=model-19", Next(found), StringComparison.Ordinal);
        Assert.Equal("model-1930", Names(await ben.PageAsync(Next(found)))[0]);
        Assert.True(first.Length < 100_000, $"{first.Length} characters");

        var seen = new List<string>();
        for (var path = "/ui/models/model-0007"; ;)
        {
            var page = await ben.PageAsync(path);
            seen.AddRange(Versions(page));
            Assert.True(page.Length < 200_000, $"{page.Length} characters");
            if (!page.Contains(">Show more</a>", StringComparison.Ordinal))
                break;
            path = Next(page);
        }
        Assert.Equal(Enumerable.Range(1, 120).Reverse().Select(i => $"v{i}"), seen);
        await ben.PageAsync("/ui/models?cursor=rubbish", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_others_wrote_is_shown_and_is_never_markup()
    {
        await using var it = await OpenAsync();
        await Gallery.HostileAsync(it);
        await using var ben = await SignedIn.ToAsync(it);
        string[] paths = ["/ui/models", "/ui/models/hostile", "/ui/models/hostile/versions/v1", "/ui/models/hostile/compare?versions=1&versions=2", "/ui/audit", "/ui/policy"];
        foreach (var path in paths.Concat(paths.Take(1).Select(p => p + "?search=" + Uri.EscapeDataString(Gallery.Hostile))).Append("/ui/audit?subject=" + Uri.EscapeDataString(Gallery.Hostile)))
        {
            var page = await ben.PageAsync(path);
            Assert.DoesNotContain("<script>", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<img src=x", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<svg onload", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch("<i>rate|<u>\\W", page);
            // Written as such, or as a reference that the browser reads as such.
            Assert.DoesNotMatch("[\u202E\u200B\u0007]|&#x(202E|200B|7);", page.Replace(Echo(page), "", StringComparison.Ordinal));
        }
        var version = await ben.PageAsync("/ui/models/hostile/versions/v1");
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", version, StringComparison.Ordinal);
        Assert.Contains("gnp.exe", version, StringComparison.Ordinal);
        Assert.Contains("&amp;#39;onload=alert(3)&amp;lt;b&amp;gt;fff", version, StringComparison.Ordinal);
    }

    // What was searched for stands in its field as it was typed.
    private static string Echo(string page) => Regex.Match(page, """<input name="(?:search|subject)"[^>]*>""").Value is { Length: > 0 } echo ? echo : "\0";

    // As a reader sees it: blanks are one, and references are what they stand for.
    internal static string Flat(string html) => Regex.Replace(WebUtility.HtmlDecode(html), @"\s+", " ");

    internal static string Between(string html, string from, string to)
    {
        var start = html.IndexOf(from, StringComparison.Ordinal);
        Assert.True(start >= 0, $"'{from}' is not there: {html}");
        return html[start..html.IndexOf(to, start + from.Length, StringComparison.Ordinal)];
    }

    internal static string Next(string html) => WebUtility.HtmlDecode(Regex.Match(html, """href="([^"]+)">Show more""").Groups[1].Value);

    private static List<string> Names(string html) => [.. Regex.Matches(html, """<th scope="row">\s*<a href="/ui/models/[^"]+">([^<]+)</a>""").Select(m => m.Groups[1].Value)];

    private static List<string> Versions(string html) => [.. Regex.Matches(html, """aria-label="Compare (v\d+)""").Select(m => m.Groups[1].Value)];
}
