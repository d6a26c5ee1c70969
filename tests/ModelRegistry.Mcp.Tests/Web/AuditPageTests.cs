using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using ModelRegistry.Audit;
using ModelRegistry.Catalog;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;
using static ModelRegistry.Mcp.Tests.Web.ModelPageTests;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>The audit log and the policy, as a real server shows them.</summary>
public sealed class AuditPageTests
{
    [Fact]
    public async Task The_log_is_searched_and_each_entry_opens_to_what_was_hashed()
    {
        await using var it = await OpenChurnAsync();
        var id = await it.ProposeAsync();
        Assert.Equal("stage_unknown", (await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new("churn", "v2", "nowhere"))).Refusal?.Code);
        await using var ben = await SignedIn.ToAsync(it);

        Assert.Equal(["promotion.apply", "promotion.apply", "promotion.apply"], await VerbsAsync(ben, "verb=promotion.apply&model=churn"));
        Assert.Equal(["promotion.request"], await VerbsAsync(ben, "outcome=refused&verb=promotion.request"));
        Assert.Contains("promotion.request", await VerbsAsync(ben, $"subject={id}"));
        Assert.Equal(["promotion.decide"], await VerbsAsync(ben, "actor=BEN&verb=promotion.decide"));
        Assert.Contains("There is no such entry.", await ben.PageAsync("/ui/audit?verb=promotion.revoke"), StringComparison.Ordinal);
        Assert.Contains("<code>model_not_found</code>", await ben.PageAsync("/ui/audit?model=nowhere", HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.Contains("<code>invalid_arguments</code>", await ben.PageAsync("/ui/audit?outcome=maybe", HttpStatusCode.BadRequest), StringComparison.Ordinal);

        var entry = Ok(await it.Services.Audit.ListAsync(await it.AgentAsync(), new AuditQuery(Subject: id, Verb: "promotion.request"))).Items[0];
        var page = await ben.PageAsync($"/ui/audit?subject={id}&verb=promotion.request");
        entry.Entry.Remove("texts");
        // What is shown hashes to the leaf that is in the tree.
        Assert.Equal(ModelRegistry.Domain.CanonicalJson.Text(entry.Entry), WebUtility.HtmlDecode(Regex.Match(page, """<pre tabindex="0" aria-label="Entry \d+">([^<]+)</pre>""").Groups[1].Value));
        Assert.Contains("<dt>reason</dt><dd class=\"pre\">better</dd>", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"/ui/promotions/{id}\"", page, StringComparison.Ordinal);
    }

    [Fact]
    [Attack(25, "web")]
    public async Task Verifying_takes_a_form_of_ours_and_shows_what_it_found()
    {
        await using var it = await OpenChurnAsync();
        await using var ben = await SignedIn.ToAsync(it);
        var csrf = await ben.CsrfAsync();

        using (var asked = await ben.GetAsync("/ui/audit/verify"))
            Assert.Equal((HttpStatusCode.SeeOther, "/ui/audit"), (asked.StatusCode, asked.Headers.Location?.ToString()));
        foreach (var (origin, token) in new[] { ("https://elsewhere.example", csrf), (null, csrf), (ben.Address.GetLeftPart(UriPartial.Authority), "") })
        {
            using var refused = await ben.PostAsync("/ui/audit/verify", origin, ("csrf", token));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        var whole = await VerifyAsync(ben, csrf);
        var report = Ok(await it.Services.Audit.VerifyAsync(await it.AgentAsync(), null));
        Assert.Contains("The log is whole.", whole, StringComparison.Ordinal);
        Assert.Contains($"<dt>Entries</dt><dd>{report.Entries}</dd>", whole, StringComparison.Ordinal);
        Assert.Contains(report.Root, whole, StringComparison.Ordinal);
        Assert.Contains(WebUtility.HtmlEncode(Ok(await it.Services.Audit.CheckpointAsync(await it.AgentAsync())).Split('\n')[0]), whole, StringComparison.Ordinal);

        await using (var raw = new SqliteConnection($"Data Source={Path.Combine(it.DataFolder, "registry.db")}"))
        {
            await raw.OpenAsync();
            await using var change = raw.CreateCommand();
            change.CommandText = "update audit_entry set leaf = cast(replace(cast(leaf as text), 'done', 'DONE') as blob) where position = 5";
            Assert.Equal(1, await change.ExecuteNonQueryAsync());
        }
        var broken = await VerifyAsync(ben, csrf);
        Assert.Contains("The log is not what was recorded.", broken, StringComparison.Ordinal);
        Assert.Matches("<td class=\"number\">5</td>", broken);
    }

    [Fact]
    public async Task A_long_log_is_read_page_by_page_and_verified_once_at_a_time()
    {
        await using var it = await OpenAsync();
        var robot = await it.AgentAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 25_000), new ParallelOptions { MaxDegreeOfParallelism = 128 }, async (i, cancel) => await it.Services.Metadata.SetAsync(robot, new MetadataEdit($"nowhere-{i}"), cancel));
        await it.RegisterAsync("churn");
        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), new ParallelOptions { MaxDegreeOfParallelism = 128 }, async (i, cancel) => await it.Services.Metadata.SetAsync(robot, new MetadataEdit($"nowhere-{i}"), cancel));
        await using var ben = await SignedIn.ToAsync(it);

        var first = await ben.PageAsync("/ui/audit?verb=metadata.set&outcome=refused");
        var positions = Positions(first).Concat(Positions(await ben.PageAsync(Next(first)))).ToList();
        Assert.Equal(100, positions.Distinct().Count());
        Assert.Equal(positions.OrderDescending(), positions);
        Assert.Contains("verb=metadata.set&outcome=refused", Next(first), StringComparison.Ordinal);

        // Refusals of a verb that none of the newest have: a page looks at a bounded part and leads on.
        var far = await ben.PageAsync("/ui/audit?verb=version.register&outcome=refused");
        Assert.Contains("None among the entries looked at so far", far, StringComparison.Ordinal);
        Assert.Contains("There is no such entry.", await ben.PageAsync(Next(far)), StringComparison.Ordinal);
        Assert.Equal(["version.register"], await VerbsAsync(ben, "verb=version.register"));

        var csrf = await ben.CsrfAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ben.PostAsync("/ui/audit/verify", ("csrf", csrf))));
        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
        var busy = answers.First(a => a.StatusCode != HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.TooManyRequests, busy.StatusCode);
        Assert.Contains("<code>verification_running</code>", await busy.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // And again afterwards.
        Assert.Contains("The log is whole.", await VerifyAsync(ben, csrf), StringComparison.Ordinal);
    }

    [Theory]
    [Attack(18, "web")]
    [InlineData("/ui/models?search=%25' or 1=1; drop table model; --")]
    [InlineData("/ui/models?tag=x' union select secret_hash from credential --")]
    [InlineData("/ui/promotions?model=churn' or '1'='1")]
    [InlineData("/ui/audit?verb=' or 1=1 --")]
    [InlineData("/ui/audit?actor=' or 1=1 --&subject='; delete from audit_entry; --")]
    public async Task Sql_in_an_address_is_text(string path)
    {
        await using var it = await OpenChurnAsync();
        await using var ben = await SignedIn.ToAsync(it);
        using var answer = await ben.GetAsync(path);
        Assert.InRange((int)answer.StatusCode, 200, 404);
        Assert.DoesNotContain("mrt_", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("v1", await it.ServingAsync());
        Assert.True(Ok(await it.Services.Audit.VerifyAsync(await it.AgentAsync(), null)).Verified);
    }

    [Fact]
    public async Task The_policy_is_told_in_words()
    {
        await using var it = await OpenAsync("regulated");
        await using var ben = await SignedIn.ToAsync(it);
        var inForce = Ok(await it.Services.Policies.ShowAsync(await it.AgentAsync()));

        var page = await ben.PageAsync("/ui/policy");
        foreach (var words in new[] { "2 approvers approve", "signed: the approver", "Four eyes: no approver may be the proposer", "Versions come from staging or archived.", "The proposer gives a reason.", "waits 24 hours for its decision; an approval is applied within 1 hour",
            "What it replaces goes to archived.", "These are filled in: dataset, code_commit, card.intended_use, card.limitations, lineage.", "nothing dangerous was found", "1 approver approves, without four eyes.", "follows what serves production", "No gate is waived", "Nobody may.", "log_loss", inForce.Digest, "by the first start" })
            Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains(WebUtility.HtmlEncode("\"name\": \"regulated\""), page, StringComparison.Ordinal);
        Assert.Contains("another takes 2 admins, each signed", page, StringComparison.Ordinal);

        await using var small = await OpenAsync("local");
        await using var ana = await SignedIn.ToAsync(small, "ana");
        await small.AcceptAsync("open");
        var open = await ana.PageAsync("/ui/policy");
        Assert.Contains("No stage is governed", open, StringComparison.Ordinal);
        Assert.Contains("by ana", open, StringComparison.Ordinal);
    }

    private static async Task<string> VerifyAsync(SignedIn person, string csrf)
    {
        using var answer = await person.PostAsync("/ui/audit/verify", ("csrf", csrf));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<IReadOnlyList<string>> VerbsAsync(SignedIn person, string asked) =>
        [.. Regex.Matches(await person.PageAsync($"/ui/audit?{asked}"), """<span class="what"><b>([^<]+)</b>""").Select(m => m.Groups[1].Value)];

    private static IEnumerable<long> Positions(string html) => Regex.Matches(html, @"<code>#(\d+)</code>").Select(m => long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
}
