using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Mcp.Tests.SeededRegistry;

namespace ModelRegistry.Mcp.Tests.Notices;

/// <summary>Mail from a real <c>serve</c> to a real mail server.</summary>
public sealed class MailTests
{
    private const string From = "registry@example.org";

    [Fact]
    public async Task Who_can_decide_is_asked_the_owner_hears_the_outcome_and_admins_hear_of_tokens()
    {
        await using var server = await MailServerProcess.StartAsync();
        await using var it = await OpenAsync("team");
        await MailboxesAsync(it);
        await using var serve = await ServeProcess.StartAsync(it.DataFolder, "--smtp", $"smtp://127.0.0.1:{server.Port}", "--mail-from", From);
        var id = await ParkAsync(it);

        var asked = Assert.Single(await server.WaitAsync(1, "ben@example.org"));
        Assert.Equal("Model registry: churn v1 to production. A promotion waits for your decision.", asked["Subject"]);
        Assert.Equal((From, "ben@example.org", "auto-generated"), (asked["X-MailFrom"], asked["To"], asked["Auto-Submitted"]));
        Assert.Contains($"http://localhost:{serve.Address.Port}/ui/promotions/{id}", asked.Body, StringComparison.Ordinal);
        Assert.Contains("approves nothing", asked.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret reason", asked.Body, StringComparison.Ordinal);
        // Under four eyes ana, who answers for the proposer, cannot decide: she is not asked.
        await RejectAsync(it, id);
        var outcome = Assert.Single(await server.WaitAsync(1, "ana@example.org"));
        Assert.Contains("A promotion was rejected.", outcome["Subject"], StringComparison.Ordinal);
        Assert.Contains("By:         ben", outcome.Body, StringComparison.Ordinal);

        await it.NewTokenAsync("planner");
        var token = (await server.WaitAsync(2, "ana@example.org")).Single(mail => mail["Subject"].Contains("token", StringComparison.Ordinal));
        Assert.Contains("planner", token.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("mrt_", token.Body, StringComparison.Ordinal);
        Assert.Single(await server.WaitAsync(1, "ben@example.org"));
    }

    [Fact]
    public async Task Over_tls_with_a_password_where_the_server_demands_both()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        var folder = Directory.CreateTempSubdirectory("mail-tls-");
        try
        {
            var (pem, pemKey) = (Path.Combine(folder.FullName, "cert.pem"), Path.Combine(folder.FullName, "key.pem"));
            await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(pemKey, key.ExportPkcs8PrivateKeyPem());
            await using var server = await MailServerProcess.StartAsync(pem, pemKey, "registry", "p@ss:word");
            await using var it = await OpenAsync("team");
            await MailboxesAsync(it);
            string[] options = ["--smtp", $"smtps://registry:p%40ss%3Aword@localhost:{server.Port}", "--mail-from", From, "--log-level", "information"];

            // A certificate nobody vouches for: nothing is sent, and no password is shown.
            await using (var wary = await ServeProcess.StartAsync(it.DataFolder, options))
            {
                await ParkAsync(it);
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                while (!wary.Errors.Contains("was not told of promotion.requested", StringComparison.Ordinal))
                    await Task.Delay(50, patience.Token);
                Assert.DoesNotContain("ss:word", wary.Errors, StringComparison.Ordinal);
                Assert.Empty(server.All);
                await wary.EndAsync();
            }
            await using var serve = await ServeProcess.StartAsync(it.DataFolder, new Dictionary<string, string> { ["SSL_CERT_FILE"] = pem }, options);
            Assert.Contains("decision", (await server.WaitAsync(1, "ben@example.org", serve))[0]["Subject"], StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_mail_server_that_was_away_is_told_when_it_is_back_but_not_to_decide_what_is_over()
    {
        await using var it = await OpenAsync("team");
        await MailboxesAsync(it);
        int port;
        await using (var gone = await MailServerProcess.StartAsync())
            port = gone.Port;
        await using (var serve = await ServeProcess.StartAsync(it.DataFolder, "--smtp", $"smtp://127.0.0.1:{port}", "--mail-from", From, "--log-level", "information"))
        {
            var id = await ParkAsync(it);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!serve.Errors.Contains("was not told of promotion.requested", StringComparison.Ordinal))
                await Task.Delay(50, patience.Token);
            await RejectAsync(it, id);
            serve.Process.Kill();
        }
        await using var server = await MailServerProcess.StartAsync();
        await using var next = await ServeProcess.StartAsync(it.DataFolder, "--smtp", $"smtp://127.0.0.1:{server.Port}", "--mail-from", From);
        Assert.Contains("rejected", Assert.Single(await server.WaitAsync(1))["Subject"], StringComparison.Ordinal);
        Assert.Equal(["ana@example.org"], server.All.Select(mail => mail["X-RcptTo"]));
    }

    [Theory]
    [InlineData("ben@example.org\r\nBcc: eve@example.org"), InlineData("ben@example.org\n"), InlineData("ben@example.org, eve@example.org"), InlineData("\"ben\"@example.org"), InlineData("Ben <ben@example.org>")]
    [InlineData("ben@"), InlineData("ben"), InlineData("b\u00e9n@example.org"), InlineData("ben@[127.0.0.1]"), InlineData("ben@example.org\0"), InlineData("ben@ex ample.org"), InlineData(".ben@example.org")]
    public async Task What_is_no_plain_address_is_not_taken(string address)
    {
        await using var it = await OpenAsync("team");
        var ana = Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        Assert.Equal("mail_address_invalid", (await it.Services.Notices.SetMailboxAsync(ana, "ben", address, [])).Refusal?.Code);
        Assert.Equal("mail_address_invalid", (await it.Services.People.AddAsync(ana, "dora", Passphrase + "d", [], address)).Refusal?.Code);
    }

    private static async Task MailboxesAsync(SeededRegistry it)
    {
        var ana = Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")).Actor;
        foreach (var name in new[] { "ana", "ben" })
            Ok(await it.Services.Notices.SetMailboxAsync(ana, name, $"{name}@example.org", []));
    }

    private static async Task<string> ParkAsync(SeededRegistry it)
    {
        var version = await it.RegisterAsync();
        Ok(await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new PromotionRequest("churn", version.Version, "staging", "x")));
        return Ok(await it.Services.Promotions.RequestAsync(await it.AgentAsync(), new PromotionRequest("churn", version.Version, "production", "a secret reason\r\nBcc: eve@example.org"))).PromotionId!;
    }

    private static async Task RejectAsync(SeededRegistry it, string id)
    {
        var ben = Ok(await it.Services.People.ProveAsync("ben", Passphrase, "terminal"));
        var review = Ok(await it.Services.Promotions.ReviewAsync(await it.AgentAsync(), id));
        Ok(await it.Services.Promotions.DecideAsync(ben.Actor, new DecisionRequest(id, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Reject, "no", ben.Proof)));
    }
}
