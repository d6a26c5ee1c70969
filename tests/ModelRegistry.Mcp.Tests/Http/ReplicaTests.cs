using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Artifacts;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Mcp.Tests.Web;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Several servers of one registry: what one of them knows the others know, and the loss of one is no loss of anything else.</summary>
public sealed class ReplicaTests(PostgresCluster cluster, S3Server s3) : IClassFixture<PostgresCluster>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_empty_database_is_no_registry_and_serving_makes_none_of_it()
    {
        using var folder = new TempFolder();
        var database = await cluster.NewDatabaseAsync();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var (code, errors) = await ServeProcess.RefusedAsync(folder.File("data"), "--database", database);
            Assert.Equal(66, code);
            Assert.StartsWith("registry_not_found", errors);
            Assert.Contains("init --person", errors, StringComparison.Ordinal);
            Assert.DoesNotContain("only-for-tests", errors, StringComparison.Ordinal);
            // Nor of what was begun and cut: a schema is not a registry yet.
            await cluster.RunAsync(database, "create table if not exists schema_migration (version bigint); create table if not exists policy (seq bigint)");
        }
    }

    [Fact]
    public async Task Whoever_waits_at_one_replica_hears_of_what_is_decided_at_another()
    {
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3);
        await using var session = await HttpRawClient.ConnectAsync(it.One.Address, Era.Handshake, token: it.Token);
        await session.ListenAsync();
        foreach (var uri in (string[])["registry://promotions/pending", "registry://models/churn"])
            Assert.NotNull((await session.RequestAsync("resources/subscribe", new JsonObject { ["uri"] = uri }))["result"]);
        await using var page = await SignedIn.AsAsync("ben", it.One.Pages);
        using var events = await StreamAsync(page, it.One);

        var id = await it.ProposeAsync(it.Two);
        Assert.Equal("registry://promotions/pending", (string?)(await session.NotificationAsync("notifications/resources/updated"))["params"]!["uri"]);
        Assert.Contains("promotion", await NextAsync(events));

        var decided = it.GetAsync(it.One, $"/promotions/{id}?wait=50");
        var etag = (await it.GetAsync(it.One, "/models/churn/serving")).Response.Headers.ETag!.Tag;
        var served = it.SendAsync(it.One, "GET", "/models/churn/serving?wait=50", headers: ("If-None-Match", etag));
        Applied(await it.ApproveAsync(it.Two, id));
        Assert.Equal("applied", (await decided)["status"]);
        Assert.Equal("v2", (await served)["version"]);
        Assert.Contains(await Uris(session, 2), uri => uri == "registry://models/churn");
        await using var modern = await HttpRawClient.ConnectAsync(it.One.Address, token: it.Token);
        Assert.Equal("v2", (string?)(await modern.CallAsync("get_serving_version", new JsonObject { ["model_name"] = "churn" })).Structured!["version"]);
    }

    [Fact]
    public async Task What_one_replica_gave_out_counts_at_the_other_and_once()
    {
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3);
        // A sign-in. Without an address in common its cookie is named by the port.
        await using var ben = await SignedIn.AsAsync("ben", it.One.Pages);
        using var elsewhere = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = it.Two.Pages };
        elsewhere.DefaultRequestHeaders.Add("Cookie", ben.Cookie.Replace($"-{it.One.Address.Port}=", $"-{it.Two.Address.Port}=", StringComparison.Ordinal));
        Assert.Contains("ben", await elsewhere.GetStringAsync(new Uri("/ui/models", UriKind.Relative)), StringComparison.Ordinal);

        // A request that is repeated at the other replica is done once.
        var model = new JsonObject { ["name"] = "digits", ["description"] = "reads digits" };
        var first = await it.SendAsync(it.One, "POST", "/models", model, headers: ("Idempotency-Key", "k-1"));
        var again = await it.SendAsync(it.Two, "POST", "/models", (JsonObject)model.DeepClone(), headers: ("Idempotency-Key", "k-1"));
        Assert.Equal((201, 201, first.Body), (first.Status, again.Status, again.Body));

        // An upload begun at the one goes on at the other, and is registered and read at either.
        var content = new byte[300_000];
        new Random(7).NextBytes(content);
        var address = $"/blobs/{BucketRegistry.Sha(content)}";
        var half = new ByteArrayContent(content[..200_000]);
        half.Headers.ContentRange = new ContentRangeHeaderValue(0, 199_999, content.Length);
        Assert.InRange((await it.SendAsync(it.One, "PUT", address, content: half)).Status, 200, 299);
        var offset = int.Parse((await it.SendAsync(it.Two, "HEAD", address)).Response.Headers.GetValues("Upload-Offset").Single(), System.Globalization.CultureInfo.InvariantCulture);
        var rest = new ByteArrayContent(content[offset..]);
        rest.Headers.ContentRange = new ContentRangeHeaderValue(offset, content.Length - 1, content.Length);
        Assert.InRange((await it.SendAsync(it.Two, "PUT", address, content: rest)).Status, 200, 299);
        var registered = await it.SendAsync(it.One, "POST", "/models/digits/versions", new JsonObject { ["files"] = new JsonArray(BucketRegistry.Uploaded("model.bin", content)) });
        Assert.True(registered.Status == 201, registered.Body);
        Assert.Equal(200, (await it.GetAsync(it.Two, "/models/digits/versions/1/files/model.bin")).Status);

        // What is wrong at the one is counted at the other.
        var parked = await it.ProposeAsync(it.One);
        foreach (var replica in (ServeProcess[])[it.One, it.Two, it.One, it.Two, it.One])
            Refused("proof_failed", await it.ApproveAsync(replica, parked, "a guess"));
        Refused("too_many_attempts", await it.ApproveAsync(it.Two, parked));
    }

    [Fact]
    public async Task A_replica_that_is_killed_takes_its_sessions_with_it_and_nothing_else()
    {
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3, "--allow-private-webhooks");
        await using var receiver = await WebhookReceiver.StartAsync();
        var ana = SeededRegistry.Ok(await it.Registry.Services.People.ProveAsync("ana", SeededRegistry.Passphrase, "terminal"));
        SeededRegistry.Ok(await it.Registry.Services.Notices.AddWebhookAsync(ana.Actor, receiver.Address.AbsoluteUri, []));
        await using var legacy = await HttpRawClient.ConnectAsync(it.One.Address, Era.Handshake, token: it.Token);
        await using var modern = await HttpRawClient.ConnectAsync(it.Two.Address, token: it.Token);
        var id = await it.ProposeAsync(it.One);
        await receiver.WaitAsync(all => all.Count >= 1);

        it.One.Process.Kill();
        await it.One.Process.WaitForExitAsync();
        var ofTheOne = receiver.All.Select(r => r.Id).ToHashSet();

        // A session is its process's; its client is told so by the rule, and begins anew (MCP 2025-11-25, Transports, Session Management).
        await using var orphan = await HttpRawClient.ConnectAsync(it.Two.Address, Era.Handshake, token: it.Token, begin: false);
        orphan.Session = legacy.Session;
        using (var gone = await orphan.PostCallAsync("list_models"))
            Assert.Equal(404, (int)gone.StatusCode);
        await using var anew = await HttpRawClient.ConnectAsync(it.Two.Address, Era.Handshake, token: it.Token);
        Assert.False((await anew.CallAsync("list_models")).IsError);
        Assert.False((await modern.CallAsync("list_models")).IsError);

        // What was parked at the one is decided at the other, and told by it, once. What the one had sent and had no time to note may
        // come again, as the same event: delivery is at least once (Standard Webhooks, Idempotency).
        Applied(await it.ApproveAsync(it.Two, id));
        await receiver.WaitAsync(all => all.Any(r => r.Type == "promotion.applied"));
        Assert.All(receiver.Taken.CountBy(r => r.Id).Where(told => told.Value > 1), told => Assert.Contains(told.Key, ofTheOne));
        Assert.Single(receiver.Taken, r => r.Type == "promotion.applied");
        await using var third = await it.ServeAsync();
        Assert.Equal("v2", (await it.GetAsync(third, "/models/churn/serving"))["version"]);
        Assert.Single(await it.Registry.VerbsAsync(id), v => v == "promotion.apply");
        Assert.True(SeededRegistry.Ok(await it.Registry.Services.Audit.VerifyAsync(await it.Registry.AgentAsync(), null)).Verified);
    }

    [Fact]
    public async Task Replicas_grant_a_caller_together_what_one_would_grant_alone()
    {
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3, "--rate-limit", "20");
        // Both have counted each other by now, or will within two seconds.
        using var patience = new CancellationTokenSource(Patience);
        var allowed = 0;
        do
        {
            await Task.Delay(TimeSpan.FromSeconds(3), patience.Token);
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => it.GetAsync(it.One, "/me")));
            allowed = answers.Count(a => a.Status == 200);
            Assert.All(answers, a => Assert.True(a.Status is 200 or 429, a.Body));
        }
        while (allowed >= 100);
        // Twenty a second for five seconds are 100 alone, and 50 each of two; some more come in while they are asked.
        Assert.InRange(allowed, 1, 99);
    }

    [Fact]
    public async Task Told_to_end_a_replica_answers_what_it_was_asked_and_the_others_go_on()
    {
        await using var it = await ReplicatedRegistry.OpenAsync(cluster, s3);
        var content = new byte[400_000];
        new Random(8).NextBytes(content);
        var slow = new SlowContent(content);
        var upload = it.SendAsync(it.One, "PUT", $"/blobs/{BucketRegistry.Sha(content)}", content: slow, headers: ("Expect", "100-continue"));
        await slow.Begun;
        var ending = it.One.EndAsync();
        slow.GoOn();
        var answered = await upload;
        Assert.True(answered.Status is 200 or 201, answered.Body);
        Assert.Equal(0, await ending);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => it.GetAsync(it.One, "/me"));
        Assert.Equal(200, (await it.GetAsync(it.Two, "/me")).Status);
        Assert.Equal(200, (await it.SendAsync(it.Two, "HEAD", $"/blobs/{BucketRegistry.Sha(content)}")).Status);
    }

    private static void Refused(string code, RestAnswer answer) => Assert.True(answer.Code == code, answer.Body);

    private static void Applied(RestAnswer answer) => Assert.True(answer.Status == 200 && answer["status"] == "applied", answer.Body);

    private static async Task<StreamReader> StreamAsync(SignedIn page, ServeProcess server)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Pages };
        http.DefaultRequestHeaders.Add("Cookie", page.Cookie);
        var reader = new StreamReader(await http.GetStreamAsync(new Uri("/ui/events", UriKind.Relative)));
        // What is committed after its first line is told.
        Assert.StartsWith("retry:", await reader.ReadLineAsync().WaitAsync(Patience));
        return reader;
    }

    private static async Task<string> NextAsync(StreamReader events)
    {
        while (true)
            if (await events.ReadLineAsync().WaitAsync(Patience) is { } line && line.StartsWith("data:", StringComparison.Ordinal))
                return line;
    }

    private static async Task<IReadOnlyList<string>> Uris(RawClient client, int count)
    {
        var uris = new List<string>();
        for (var i = 0; i < count; i++)
            uris.Add((string)(await client.NotificationAsync("notifications/resources/updated"))["params"]!["uri"]!);
        return uris;
    }

    /// <summary>Sends half once the server reads it (RFC 9110, section 10.1.1), and the rest when it is told to.</summary>
    private sealed class SlowContent(byte[] content) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously), _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task.WaitAsync(Patience);

        public void GoOn() => _goOn.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(content.AsMemory(0, content.Length / 2));
            await stream.FlushAsync();
            _begun.SetResult();
            await _goOn.Task;
            // So that the request to end is there before the rest.
            await Task.Delay(500);
            await stream.WriteAsync(content.AsMemory(content.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length;
            return true;
        }
    }
}
