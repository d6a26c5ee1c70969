using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>What an agent tries at the pages: with a token, with its owner's browser, with what it could take from one.</summary>
[Trait("Needs", "Chromium")]
public sealed class PageAttackTests : IAsyncLifetime
{
    private ServedPages _pages = null!;

    private SeededRegistry Registry => _pages.Registry;

    private Uri At => _pages.At;

    public async ValueTask InitializeAsync() => _pages = await ServedPages.ChurnAsync();

    public async ValueTask DisposeAsync()
    {
        if (_pages is not null)
            await _pages.DisposeAsync();
    }

    [Fact]
    [Attack(1, "web")]
    public async Task A_token_is_nobody_at_the_pages()
    {
        var id = await Registry.ProposeAsync();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        http.DefaultRequestHeaders.Authorization = new("Bearer", await Registry.TokenAsync("planner"));
        http.DefaultRequestHeaders.Add("Origin", At.GetLeftPart(UriPartial.Authority));
        using var seen = await http.GetAsync(new Uri(At, $"ui/promotions/{id}"));
        Assert.Equal(303, (int)seen.StatusCode);
        using var decided = await http.PostAsync(new Uri(At, $"ui/promotions/{id}"), new FormUrlEncodedContent([new("decision", "approve"), new("revision", "1"), new("passphrase", Passphrase)]));
        Assert.Equal(401, (int)decided.StatusCode);
        await UndecidedAsync(id);
    }

    /// <summary>It can see what its owner sees, and has the form's token; it has neither passphrase nor passkey.</summary>
    [Fact]
    [Attack(4, "web")]
    public async Task An_agent_at_its_owners_signed_in_browser_decides_and_administers_nothing()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        var statement = Ok(await Registry.Services.Promotions.ReviewAsync(await Registry.AgentAsync(), id)).StatementDigest;
        foreach (var (path, fields) in new (string, (string, string)[])[]
        {
            ($"/ui/promotions/{id}", [("decision", "approve"), ("revision", "1"), ("statement_sha256", statement)]),
            ($"/ui/promotions/{id}", [("decision", "approve"), ("revision", "1"), ("statement_sha256", statement), ("passkey_state", "x"), ("passkey_credential", "{}")]),
            ($"/ui/promotions/{id}/withdraw", []), ($"/ui/promotions/{id}/revoke", []),
            ("/ui/people", [("name", "mallory"), ("roles", "approver"), ("new_passphrase", "twelve letters"), ("new_passphrase_again", "twelve letters")]),
            ("/ui/people/ana/disable", []), ("/ui/people/ana/invite", []), ("/ui/tokens", [("kind", "agent"), ("name", "mine"), ("owner", "ben")]),
        })
        {
            var answer = await ben.SendAsync(path, fields);
            Assert.True(answer.Status == 403 && (answer.Text.Contains("proof_required", StringComparison.Ordinal) || answer.Text.Contains("challenge_invalid", StringComparison.Ordinal)), $"{path}: {answer.Status} {answer.Text}");
        }
        await UndecidedAsync(id);
        Assert.Equal(["ana", "ben"], Ok(await Registry.Services.People.ListAsync(await Registry.AgentAsync())).Select(p => p.Name));
        var benId = Ok(await Registry.Services.People.ListAsync(await Registry.AgentAsync())).Single(p => p.Name == "ben").Id;
        Assert.Contains("person.prove refused proof_required", await Registry.VerbsAsync(benId));
    }

    [Fact]
    [Attack(5, "web")]
    public async Task An_authenticator_that_an_agent_brings_is_not_enrolled()
    {
        var ben = await _pages.SignInAsync("ben");
        await ben.GoAsync("ui/me");
        var made = await ben.RunAsync("""
            (async () => {
              const question = await (await fetch('/ui/me/keys/begin', { method: 'POST', body: new URLSearchParams({ csrf: document.querySelector('[name=csrf]').value }) })).json();
              const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question.public_key) });
              return { state: question.state, credential: JSON.stringify(credential.toJSON()) };
            })()
            """);
        var (state, credential) = ((string)made!["state"]!, (string)made["credential"]!);
        Assert.Contains("proof_required", (await ben.SendAsync("/ui/me/keys", ("key_name", "mine"), ("key_state", state), ("key_credential", credential))).Text, StringComparison.Ordinal);
        Assert.Contains("proof_failed", (await ben.SendAsync("/ui/me/keys", ("key_name", "mine"), ("key_state", state), ("key_credential", credential), ("passphrase", "a guess of mine"))).Text, StringComparison.Ordinal);
        // The new key as its own witness.
        var own = await ben.SignAsync("/ui/challenges/confirm", "");
        Assert.Contains("passkey_failed", (await ben.SendAsync("/ui/me/keys", ("key_name", "mine"), ("key_state", state), ("key_credential", credential), ("passkey_state", own.State), ("passkey_credential", own.Credential))).Text, StringComparison.Ordinal);
        Assert.Empty(Ok(await Registry.Services.Passkeys.ListAsync(await Registry.AgentAsync(), "ben")));
    }

    [Fact]
    [Attack(6, "web")]
    public async Task The_owner_of_the_proposer_is_told_that_another_has_to_decide()
    {
        var ana = await _pages.SignInAsync("ana");
        var id = await Registry.ProposeAsync();
        await ana.GoAsync($"ui/promotions/{id}");
        Assert.Contains("second person", await ana.SeeAsync(".decide .note"), StringComparison.Ordinal);
        Assert.Equal(0, await ana.CountAsync(".decide .choice"));
        Assert.Contains("four_eyes", (await ApproveAsync(ana, id)).Text, StringComparison.Ordinal);
        await UndecidedAsync(id);
    }

    [Fact]
    [Attack(7, "web")]
    public async Task One_person_in_two_browsers_with_a_key_and_a_passphrase_is_one()
    {
        await Registry.AcceptPolicyAsync(Team.Replace("\"count\": 1", "\"count\": 2", StringComparison.Ordinal));
        var desk = await _pages.SignInAsync("ben");
        await desk.EnrolAsync();
        var id = await Registry.ProposeAsync();
        await desk.GoAsync($"ui/promotions/{id}");
        await desk.DecideAsync("approve", passkey: true);
        await desk.SeeAsync(".plain .pill:has-text('approve')");
        Assert.Equal("pending", (await Registry.PromotionAsync(id)).Status);
        Assert.Contains("already_decided", (await ApproveAsync(desk, id)).Text, StringComparison.Ordinal);
        Assert.Equal("v1", await Registry.ServingAsync());
    }

    [Fact]
    [Attack(8, "web")]
    public async Task Fifty_approvals_at_once_from_a_page_have_one_effect()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        var statement = Ok(await Registry.Services.Promotions.ReviewAsync(await Registry.AgentAsync(), id)).StatementDigest;
        await ben.RunAsync($$"""
            Promise.all(Array.from({ length: 50 }, () => fetch('/ui/promotions/{{id}}', { method: 'POST', redirect: 'manual',
              body: new URLSearchParams({ csrf: document.querySelector('[name=csrf]').value, decision: 'approve', revision: 1, statement_sha256: '{{statement}}', passphrase: '{{Passphrase}}' }) }))).then((all) => all.length)
            """);
        Assert.Equal("v2", await Registry.ServingAsync());
        var verbs = await Registry.VerbsAsync(id);
        Assert.Single(verbs, v => v == "promotion.decide");
        Assert.Single(verbs, v => v == "promotion.apply");
    }

    /// <summary>The authenticators of Chromium count, those that sync do not: the challenge is what is taken once.</summary>
    [Fact]
    [Attack(9, "web")]
    [Attack(10, "web")]
    public async Task A_signature_is_good_for_its_word_its_promotion_and_once()
    {
        await Registry.AcceptPolicyAsync(Team.Replace("\"count\": 1", "\"count\": 2", StringComparison.Ordinal));
        var ben = await _pages.SignInAsync("ben");
        await ben.EnrolAsync();
        var id = await Registry.ProposeAsync();
        await Registry.RegisterAsync("other");
        await ben.GoAsync($"ui/promotions/{id}");
        var statement = Ok(await Registry.Services.Promotions.ReviewAsync(await Registry.AgentAsync(), id)).StatementDigest;

        var reject = await ben.SignAsync($"/ui/promotions/{id}/challenge", "reject");
        Assert.Contains("proof_for_another", (await SendAsync(reject, "approve")).Text, StringComparison.Ordinal);
        // Used up: by the challenge, and by the counter of an authenticator that counts.
        Assert.Matches("challenge_invalid|passkey_failed", (await SendAsync(reject, "reject")).Text);
        var confirm = await ben.SignAsync("/ui/challenges/confirm", "");
        Assert.Contains("challenge_invalid", (await SendAsync(confirm, "approve")).Text, StringComparison.Ordinal);
        await UndecidedAsync(id);

        var approve = await ben.SignAsync($"/ui/promotions/{id}/challenge", "approve");
        Assert.Equal(200, (await SendAsync(approve, "approve")).Status);
        Assert.Matches("challenge_invalid|passkey_failed", (await SendAsync(approve, "approve")).Text);
        Assert.Equal("signed", Assert.Single((await Registry.PromotionAsync(id)).Decisions).Assurance);

        Task<PageAnswer> SendAsync((string State, string Credential) signed, string decision) => ben.SendAsync($"/ui/promotions/{id}",
            ("decision", decision), ("revision", "1"), ("statement_sha256", statement), ("passkey_state", signed.State), ("passkey_credential", signed.Credential));
    }

    [Fact]
    [Attack(11, "web")]
    public async Task What_was_swapped_on_disk_is_not_what_was_approved()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        var version = Ok(await Registry.Services.Catalog.GetAsync(await Registry.AgentAsync(), "churn", "v2")).Version!;
        var blob = Directory.EnumerateFiles(Path.Combine(Registry.DataFolder, "artifacts"), version.Files[0].Sha256, SearchOption.AllDirectories).Single();
        File.SetAttributes(blob, FileAttributes.Normal);
        await File.WriteAllTextAsync(blob, "other weights altogether", TestContext.Current.CancellationToken);
        await ben.GoAsync($"ui/promotions/{id}");
        Assert.Contains("apply_failed", (await ApproveAsync(ben, id)).Text, StringComparison.Ordinal);
        Assert.Equal("v1", await Registry.ServingAsync());
        Assert.Equal("failed", (await Registry.PromotionAsync(id)).Status);
    }

    [Fact]
    [Attack(13, "web")]
    [Attack(16, "web")]
    public async Task A_page_that_was_open_meanwhile_decides_on_what_it_showed_or_not_at_all()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        Ok(await Registry.Services.Metadata.SetAsync(await Registry.AgentAsync(), new ModelRegistry.Catalog.MetadataEdit("churn") { Version = "v2", Metrics = new Dictionary<string, double> { ["accuracy"] = 0.5 } }));
        await ben.DecideAsync("approve", passkey: false);
        Assert.Contains("statement_changed", await ben.SeeAsync(".refused"), StringComparison.Ordinal);
        await UndecidedAsync(id);

        // Now it shows the new one; then production moves on.
        await ben.GoAsync($"ui/promotions/{id}");
        await Registry.RegisterAsync(accuracy: 0.97);
        await Registry.MoveAsync("v3", "staging");
        Ok(await Registry.Services.Promotions.WithdrawAsync(await Registry.AgentAsync(), id, "for the other"));
        await Registry.MoveAsync("v3", "production");
        await ben.DecideAsync("approve", passkey: false);
        Assert.Contains("promotion_not_pending", await ben.SeeAsync(".refused"), StringComparison.Ordinal);
        Assert.Equal("v3", await Registry.ServingAsync());
    }

    [Fact]
    [Attack(20, "web")]
    public async Task Words_of_others_are_shown_as_theirs_and_are_never_markup()
    {
        var ben = await _pages.SignInAsync("ben");
        const string words = "</blockquote><script>window.broken=1</script><b>A human already approved this.\u202e\u200b <img src=x onerror=window.broken=1>";
        var id = Ok(await Registry.Services.Promotions.RequestAsync(await Registry.AgentAsync(), new PromotionRequest("churn", "v2", "production", words))).PromotionId!;
        foreach (var path in new[] { "ui/inbox", "ui/promotions", $"ui/promotions/{id}" })
        {
            await ben.GoAsync(path);
            Assert.True((bool)(await ben.RunAsync("window.broken === undefined && document.querySelectorAll('main script, main img').length === 0"))!);
            Assert.DoesNotContain('\u202e', (string)(await ben.RunAsync("document.body.innerText"))!);
        }
        Assert.StartsWith("</blockquote><script>", await ben.SeeAsync(".said blockquote"), StringComparison.Ordinal);
        Assert.Contains("not verified", await ben.SeeAsync(".said figcaption"), StringComparison.Ordinal);
        Assert.Empty(await ben.ComplaintsAsync());
    }

    [Fact]
    [Attack(21, "web")]
    public async Task A_form_beyond_measure_is_refused_and_the_server_goes_on()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        var huge = (int)(await ben.RunAsync($$"""fetch('/ui/promotions/{{id}}', { method: 'POST', body: new URLSearchParams({ comment: 'x'.repeat(2000000) }) }).then((r) => r.status, () => 413)"""))!;
        Assert.InRange(huge, 400, 413);
        var many = (int)(await ben.RunAsync($$"""fetch('/ui/promotions/{{id}}', { method: 'POST', body: new URLSearchParams(Array.from({ length: 5000 }, (_, n) => ['f' + n, ''])) }).then((r) => r.status)"""))!;
        Assert.InRange(many, 400, 413);
        Assert.Equal(200, await ben.GoAsync("ui/inbox"));
    }

    [Theory]
    [Attack(22, "web")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", null)]
    [InlineData("Host", "evil.example")]
    public async Task A_form_of_another_site_is_refused_also_with_the_persons_cookie(string header, string? value)
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        var cookie = (await ben.CookiesAsync()).Single()!;
        var csrf = (string)(await ben.RunAsync("document.querySelector('[name=csrf]').value"))!;
        using var http = new HttpClient(new HttpClientHandler { UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(At, $"ui/promotions/{id}"))
        {
            Content = new FormUrlEncodedContent([new("csrf", csrf), new("decision", "approve"), new("revision", "1"), new("passphrase", Passphrase)]),
        };
        request.Headers.Add("Cookie", $"{cookie["name"]}={cookie["value"]}");
        if (header == "Host")
            request.Headers.Host = value;
        else if (value is not null)
            request.Headers.Add("Origin", value);
        using var answer = await http.SendAsync(request);
        Assert.Equal(403, (int)answer.StatusCode);
        await UndecidedAsync(id);
    }

    [Fact]
    [Attack(23, "web")]
    public async Task Who_was_disabled_is_signed_out_at_once()
    {
        var ben = await _pages.SignInAsync("ben");
        var id = await Registry.ProposeAsync();
        await ben.GoAsync($"ui/promotions/{id}");
        Ok(await Registry.Services.People.DisableAsync(Ok(await Registry.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor, "ben"));
        Assert.Equal(401, (await ApproveAsync(ben, id)).Status);
        await ben.GoAsync("ui/inbox");
        await ben.SeeAsync("text=Sign in with a passkey");
        await UndecidedAsync(id);
    }

    [Fact]
    [Attack(24, "web")]
    public async Task A_token_of_another_sign_in_is_none_and_a_planted_cookie_signs_nobody_in()
    {
        var (ana, ben) = (await _pages.SignInAsync("ana"), await _pages.SignInAsync("ben"));
        var id = await Registry.ProposeAsync();
        await ana.GoAsync($"ui/promotions/{id}");
        await ben.GoAsync($"ui/promotions/{id}");
        var anas = (string)(await ana.RunAsync("document.querySelector('[name=csrf]').value"))!;
        Assert.Contains("form_invalid", (await ben.SendAsync($"/ui/promotions/{id}", ("csrf", anas), ("decision", "approve"), ("revision", "1"), ("passphrase", Passphrase))).Text, StringComparison.Ordinal);
        var cookie = (await ben.CookiesAsync()).Single()!;
        Assert.True((bool)cookie["httpOnly"]!);
        Assert.Equal("Lax", (string?)cookie["sameSite"]);
        Assert.Equal("", (string?)await ben.RunAsync("document.cookie"));

        // Signing in makes another secret than the one the browser came with, and ends that one.
        await ben.ClickAsync(".who button");
        await ben.SeeAsync("text=Sign in with a passkey");
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(At, "ui/inbox"));
        request.Headers.Add("Cookie", $"{cookie["name"]}={cookie["value"]}");
        using var answer = await http.SendAsync(request);
        Assert.Equal(303, (int)answer.StatusCode);
        await UndecidedAsync(id);
    }

    private static string Team => PolicyProfiles.Find("team")!;

    private async Task<PageAnswer> ApproveAsync(BrowserPage page, string id)
    {
        var review = Ok(await Registry.Services.Promotions.ReviewAsync(await Registry.AgentAsync(), id));
        return await page.SendAsync($"/ui/promotions/{id}", ("decision", "approve"), ("revision", $"{review.Promotion.Revision}"), ("statement_sha256", review.StatementDigest), ("passphrase", Passphrase));
    }

    private async Task UndecidedAsync(string id)
    {
        var promotion = await Registry.PromotionAsync(id);
        Assert.Equal(("pending", 0), (promotion.Status, promotion.Decisions.Count));
        Assert.Equal("v1", await Registry.ServingAsync());
    }
}
