using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ModelRegistry.Identity;
using ModelRegistry.Mcp.Tests.Artifacts;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Replicas behind a proxy with TLS, as <c>deploy/</c> has it; and who is believed about whom a request is from.</summary>
public sealed class ProxyTests(PostgresCluster cluster, S3Server s3) : IClassFixture<PostgresCluster>
{
    [Fact]
    public async Task Behind_the_proxy_of_the_documentation_everything_works_and_the_loss_of_a_replica_is_one_404()
    {
        await using var nginx = new NginxProcess();
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3);
        await it.AgainAsync("--public-url", nginx.Address.GetLeftPart(UriPartial.Authority), "--trusted-proxies", "127.0.0.1");
        await nginx.StartAsync(it.One.Address, it.Two.Address);
        using var http = new HttpClient(nginx.Trusting()) { BaseAddress = nginx.Address, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", it.Token);
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(new Uri("/metrics", UriKind.Relative))).StatusCode);

        // A session with its stream, and one without: told at once of what is decided, wherever it is.
        await using var legacy = await HttpRawClient.ConnectAsync(nginx.Address, Era.Handshake, token: it.Token, through: nginx.Trusting());
        await legacy.ListenAsync();
        Assert.NotNull((await legacy.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = "registry://promotions/pending" }))["result"]);
        await using var modern = await HttpRawClient.ConnectAsync(nginx.Address, token: it.Token, through: nginx.Trusting());
        var id = await it.ProposeAsync(it.Two);
        Assert.Equal("registry://promotions/pending", (string?)(await legacy.NotificationAsync("notifications/resources/updated"))["params"]!["uri"]);

        // A model larger than proxies take by themselves.
        var content = new byte[5_000_000];
        new Random(9).NextBytes(content);
        Assert.True((await http.PutAsync(new Uri($"/blobs/{BucketRegistry.Sha(content)}", UriKind.Relative), new ByteArrayContent(content))).IsSuccessStatusCode);

        // A passkey of the proxy's name: challenged by one replica, answered at the other.
        it.Registry.Services.Pages.Move(nginx.Address);
        var ben = SeededRegistry.Ok(await it.Registry.Services.People.ProveAsync("ben", SeededRegistry.Passphrase, "page"));
        using var key = new SoftwareAuthenticator(nginx.Address.GetLeftPart(UriPartial.Authority)) { Step = 1 };
        SeededRegistry.Ok(await it.Registry.Services.Passkeys.EnrolAsync(ben, "key", key.Make(SeededRegistry.Ok(await it.Registry.Services.Passkeys.BeginAsync(ben.Actor))), null));
        SeededRegistry.Ok(await it.Registry.Services.Promotions.WithdrawAsync(ben.Actor, id, "the key is newer than it"));
        id = await it.ProposeAsync(it.Two);
        var asked = await it.SendAsync(it.One, "POST", $"/promotions/{id}/challenges", new JsonObject { ["decision"] = "approve" });
        Assert.True(asked.Status == 200, asked.Body);
        var challenge = new CeremonyView(asked["state"]!, asked.Json["public_key"]!.AsObject(), asked["statement_sha256"], DateTimeOffset.MaxValue);
        var decision = ServedRest.Decision(proof: ServedRest.Passkey(key.Sign(challenge)));
        var decided = await it.SendAsync(it.Two, "POST", $"/promotions/{id}/decisions", decision);
        Assert.True(decided.Status == 200 && decided["status"] == "applied", decided.Body);
        Assert.NotEqual(200, (await it.SendAsync(it.One, "POST", $"/promotions/{id}/decisions", (JsonObject)decision.DeepClone())).Status);

        // The replica that has the session is lost: one answer says so, and after it all goes on.
        await using var direct = await HttpRawClient.ConnectAsync(it.One.Address, Era.Handshake, token: it.Token, begin: false);
        direct.Session = legacy.Session;
        using var there = await direct.PostCallAsync("list_models");
        var lost = there.StatusCode == HttpStatusCode.OK ? it.One : it.Two;
        lost.Process.Kill();
        await lost.Process.WaitForExitAsync();
        var gone = 0;
        for (var call = 0; call < 5; call++)
        {
            Assert.False((await modern.CallAsync("list_models")).IsError);
            using var answer = await legacy.PostCallAsync("list_models");
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{answer.StatusCode}");
            if (answer.StatusCode == HttpStatusCode.OK)
                continue;
            gone++;
            // What its client does then (MCP 2025-11-25, Transports, Session Management).
            await using var anew = await HttpRawClient.ConnectAsync(nginx.Address, Era.Handshake, token: it.Token, through: nginx.Trusting());
            legacy.Session = anew.Session;
        }
        Assert.Equal(1, gone);
    }

    [Fact]
    public async Task A_proxy_that_is_trusted_is_believed_about_whom_it_asks_for_and_nobody_else_is()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var trusting = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "5", "--trusted-proxies", "10.9.0.0/16,127.0.0.1");
        await using var wary = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "5");
        // Each address has its own attempts where the proxy is believed; else the proxy is the one who guesses.
        Assert.Equal(429, await LastAsync(trusting, "203.0.113.7"));
        Assert.Equal(401, await AskAsync(trusting, "203.0.113.8"));
        // The last proxy's word counts, and what stands before it is the client's own.
        Assert.Equal(401, await AskAsync(trusting, "203.0.113.7, 203.0.113.9"));
        Assert.Equal(429, await AskAsync(trusting, "203.0.113.10, 203.0.113.7, 10.9.1.1"));
        Assert.Equal(429, await LastAsync(wary, "203.0.113.7"));
        Assert.Equal(429, await AskAsync(wary, "203.0.113.8"));
    }

    /// <summary>Whoever has one address of IPv6 has the 2^64 beside it: pages count them as one, as every other door does.</summary>
    [Fact]
    public async Task A_network_of_IPv6_is_one_stranger_to_the_pages()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--rate-limit", "1", "--trusted-proxies", "127.0.0.1");
        var last = 0;
        for (var i = 1; i <= 60 && last != 429; i++)
            last = await AskAsync(server, $"2001:db8::{i:x}", token: null, page: "/ui/sign-in");
        Assert.Equal(429, last);
        Assert.Equal(200, await AskAsync(server, "2001:db8:0:1::1", token: null, page: "/ui/sign-in"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_nobody_is_near_whatever_the_proxy_says()
    {
        await using var registry = await SeededRegistry.OpenAsync("local");
        await using var server = await ServeProcess.StartAsync(registry.DataFolder, "--trusted-proxies", "127.0.0.1");
        foreach (var forwarded in (string?[])[null, "127.0.0.1", "203.0.113.7"])
            Assert.Equal(401, await AskAsync(server, forwarded, token: null));
        var (code, errors) = await ServeProcess.RefusedAsync(registry.DataFolder, "--trusted-proxies", "proxy.example.org");
        Assert.NotEqual(0, code);
        Assert.Contains("10.0.0.0/24", errors, StringComparison.Ordinal);
    }

    private static async Task<int> LastAsync(ServeProcess server, string forwarded)
    {
        var last = 0;
        for (var i = 0; i < 60 && last != 429; i++)
            last = await AskAsync(server, forwarded);
        return last;
    }

    private static async Task<int> AskAsync(ServeProcess server, string? forwarded, string? token = "mrt_guessed", string? page = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, page is null ? new Uri(server.Address, "/models") : new Uri(server.Pages, page));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (forwarded is not null)
            request.Headers.Add("X-Forwarded-For", forwarded);
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
