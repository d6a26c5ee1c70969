using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ModelRegistry.Notices;
using ModelRegistry.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Notices;

/// <summary>Where webhooks go and where they never go, against a real server that must not be reached.</summary>
public sealed class WebhookPostTests
{
    private static readonly string Secret = WebhookSignature.NewSecret();

    private static readonly NoticeMessage Message = Notice.Test("tst_1", DateTimeOffset.UnixEpoch, []).For(At("http://localhost/"))[0];

    private static StoredEndpoint At(string address) => StoredEndpoint.Webhook("whk_1", address, [], Secret, "per_1", DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_message_is_signed_as_the_specification_shows() => Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Sign(WebhookSignature.Key(At("http://localhost/") with { Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8));

    [Theory]
    [InlineData("10.0.0.1"), InlineData("172.16.0.1"), InlineData("172.31.255.255"), InlineData("192.168.1.1"), InlineData("127.0.0.1"), InlineData("127.255.0.3"), InlineData("0.0.0.0")]
    [InlineData("169.254.169.254"), InlineData("169.254.1.1"), InlineData("100.64.0.1"), InlineData("100.127.255.255"), InlineData("224.0.0.1"), InlineData("255.255.255.255"), InlineData("240.0.0.1")]
    [InlineData("198.18.0.1"), InlineData("192.0.2.1"), InlineData("198.51.100.1"), InlineData("203.0.113.1"), InlineData("192.0.0.8"), InlineData("192.88.99.1")]
    [InlineData("::1"), InlineData("::"), InlineData("fc00::1"), InlineData("fd12:3456::1"), InlineData("fe80::1"), InlineData("fec0::1"), InlineData("ff02::1"), InlineData("2001:db8::1")]
    [InlineData("::ffff:127.0.0.1"), InlineData("::ffff:10.0.0.1"), InlineData("::ffff:169.254.169.254"), InlineData("::7f00:1"), InlineData("64:ff9b::7f00:1"), InlineData("2002:7f00:1::1"), InlineData("2001:0:1::1")]
    public void An_address_that_is_not_public_is_none_for_webhooks(string address)
    {
        Assert.False(PublicAddress.IsAllowed(IPAddress.Parse(address), privateToo: false));
        Assert.Equal("webhook_address_private", No(WebhookAddress.Read($"https://{(address.Contains(':') ? $"[{address}]" : address)}/x", false)));
    }

    [Theory]
    [InlineData("1.1.1.1"), InlineData("172.32.0.1"), InlineData("172.15.0.1"), InlineData("100.63.0.1"), InlineData("100.128.0.1"), InlineData("2606:4700::1111"), InlineData("::ffff:1.1.1.1")]
    public void A_public_address_is_one(string address) => Assert.True(PublicAddress.IsAllowed(IPAddress.Parse(address), privateToo: false));

    [Theory]
    [InlineData("127.0.0.1", true), InlineData("10.1.2.3", true), InlineData("fd12::1", true), InlineData("::1", true), InlineData("::ffff:192.168.0.1", true), InlineData("1.1.1.1", true)]
    [InlineData("169.254.169.254", false), InlineData("::ffff:169.254.169.254", false), InlineData("100.100.100.200", false), InlineData("fd00:ec2::254", false), InlineData("169.254.3.4", false)]
    [InlineData("fe80::1", false), InlineData("224.0.0.1", false), InlineData("0.0.0.0", false), InlineData("255.255.255.255", false)]
    public void Where_private_ones_are_allowed_metadata_and_what_is_no_host_are_not(string address, bool allowed) => Assert.Equal(allowed, PublicAddress.IsAllowed(IPAddress.Parse(address), privateToo: true));

    [Theory]
    [InlineData("http://2130706433/"), InlineData("http://0x7f.1/"), InlineData("http://0177.0.0.1/"), InlineData("http://127.1/"), InlineData("http://[::ffff:7f00:1]/")]
    public void An_address_written_in_another_way_is_the_same_address(string url) => Assert.Equal("webhook_address_private", No(WebhookAddress.Read(url, false)));

    [Theory]
    [InlineData("ftp://example.org/"), InlineData("file:///etc/passwd"), InlineData("gopher://example.org"), InlineData("https://user:pw@example.org/"), InlineData("https://example.org/#x"), InlineData("/x"), InlineData("")]
    [InlineData("https://example.org/a b"), InlineData("https://example.org/\r\nHost: x"), InlineData("https://exämple.org/")]
    public void What_is_no_plain_web_address_is_refused(string url) => Assert.Equal("webhook_url_invalid", No(WebhookAddress.Read(url, false)));

    [Fact]
    public async Task A_name_that_leads_to_this_machine_reaches_nothing()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var post = new WebhookPost(privateToo: false, TimeProvider.System);
        foreach (var host in new[] { "localhost", "127.0.0.1", "[::ffff:127.0.0.1]" })
            Assert.Equal(new Sent(Answer.Failed, "its address is not one of the public internet"), await post.SendAsync(At($"http://{host}:{receiver.Address.Port}/"), Message, default));
        Assert.Empty(receiver.All);
    }

    [Fact]
    public async Task A_name_that_changes_its_mind_is_looked_at_where_it_leads_at_the_connection()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var asked = 0;
        // Public when it was added, this machine when it is used.
        using var post = new WebhookPost(privateToo: false, TimeProvider.System, (_, _) => Task.FromResult(Interlocked.Increment(ref asked) == 0 ? [IPAddress.Parse("1.1.1.1")] : new[] { IPAddress.Loopback }));
        Assert.Null(WebhookAddress.Read($"http://rebinds.example:{receiver.Address.Port}/", false).Refusal);
        Assert.Equal("its address is not one of the public internet", (await post.SendAsync(At($"http://rebinds.example:{receiver.Address.Port}/"), Message, default)).Why);
        Assert.Equal(1, asked);
        Assert.Empty(receiver.All);

        // The same name, where private addresses are allowed, does arrive: it is the address that was refused.
        using var open = new WebhookPost(privateToo: true, TimeProvider.System, (_, _) => Task.FromResult(new[] { IPAddress.Loopback }));
        Assert.Equal(Answer.Taken, (await open.SendAsync(At($"http://rebinds.example:{receiver.Address.Port}/"), Message, default)).Answer);
        Assert.True(Assert.Single(receiver.All).Verifies(Secret));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var target = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        foreach (var status in new[] { 301, 302, 303, 307, 308 })
        {
            receiver.Answers = (_, http) =>
            {
                http.Response.Headers.Location = target.Address.AbsoluteUri;
                return Task.FromResult(status);
            };
            Assert.Equal(new Sent(Answer.Failed, $"status {status}", null, status), await SendAsync(receiver));
        }
        Assert.Empty(target.All);
    }

    [Fact]
    public async Task A_proxy_of_the_environment_is_not_used()
    {
        await using var proxy = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var before = HttpClient.DefaultProxy;
        try
        {
            HttpClient.DefaultProxy = new WebProxy(proxy.Address);
            Assert.Equal(Answer.Taken, (await SendAsync(receiver)).Answer);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
        Assert.Empty(proxy.All);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_its_end()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var cut = new TaskCompletionSource();
        receiver.Answers = async (_, http) =>
        {
            var chunk = new byte[64 * 1024];
            try
            {
                while (true)
                    await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                cut.TrySetResult();
            }
            return 200;
        };
        Assert.Equal(Answer.Taken, (await SendAsync(receiver)).Answer);
        // Whoever reads no more closes the connection.
        await cut.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Who_does_not_answer_is_left_after_ten_seconds()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var post = new WebhookPost(privateToo: true, TimeProvider.System);
        var clock = Stopwatch.StartNew();
        Assert.Equal(new Sent(Answer.Failed, "it did not answer within 10 s"), await post.SendAsync(At($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/"), Message, default));
        Assert.InRange(clock.Elapsed.TotalSeconds, 9, 30);
    }

    [Theory]
    [InlineData(503, "7", 7), InlineData(429, "100000", 3600), InlineData(429, "-5", null), InlineData(503, null, null), InlineData(500, "7", null), InlineData(503, "Thu, 01 Jan 1970 00:00:00 GMT", 0)]
    public async Task Who_asks_to_be_left_alone_is_within_bounds(int status, string? retryAfter, int? seconds)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers = (_, http) =>
        {
            http.Response.Headers.RetryAfter = retryAfter;
            return Task.FromResult(status);
        };
        Assert.Equal(new Sent(Answer.Failed, $"status {status}", seconds is { } s ? TimeSpan.FromSeconds(s) : null, status), await SendAsync(receiver));
    }

    [Fact]
    public async Task What_is_not_there_fails_in_a_few_words_that_carry_nothing_of_the_other_side()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var post = new WebhookPost(privateToo: true, TimeProvider.System);
        var garbage = post.SendAsync(At($"http://127.0.0.1:{port}/"), Message, default);
        using (var client = await listener.AcceptTcpClientAsync())
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("SECRET NONSENSE\r\n\r\n"));
        Assert.Equal("it did not answer in HTTP", (await garbage).Why);
        listener.Stop();
        Assert.Equal("it cannot be connected to", (await post.SendAsync(At($"http://127.0.0.1:{port}/"), Message, default)).Why);
    }

    private static async Task<Sent> SendAsync(WebhookReceiver receiver)
    {
        using var post = new WebhookPost(privateToo: true, TimeProvider.System);
        return await post.SendAsync(At(receiver.Address.AbsoluteUri), Message, default);
    }
}
