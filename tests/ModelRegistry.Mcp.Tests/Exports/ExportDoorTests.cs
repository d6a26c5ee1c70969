using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Mcp.Tests.Web;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Exports;

/// <summary>A promotion's proof, got at each door and verified where there is no registry.</summary>
public sealed class ExportDoorTests
{
    [Fact]
    [Attack(25, "cli")]
    public async Task On_the_command_line_it_is_written_verified_elsewhere_and_found_out_when_it_was_changed()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        await desk.RunAsync("promote", "digits", "1", "production", "--reason", "first");
        var id = await desk.PendingAsync();
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["approve", id])).Exit);

        var key = (await desk.DoneAsync("audit", "key")).Out;
        var file = Path.Combine(desk.Folder, "promotion.json");
        Assert.Equal("", (await desk.DoneAsync("export", id, "--out", file)).Out);
        var printed = (await desk.DoneAsync("export", id)).Out;
        Assert.Contains((await desk.DoneAsync("doctor", "--output", "json")).Json["checks"]!.AsArray(), c => (string?)c!["check"] == "audit key" && (string?)c["found"] == key.Trim());

        // Another machine: no data folder, the file and the key.
        using var elsewhere = new CommandDesk();
        var pinned = elsewhere.File("registry.key", key);
        foreach (var export in new[] { file, elsewhere.File("printed.json", printed) })
            foreach (var given in new[] { pinned, key.Trim() })
            {
                var seen = (await elsewhere.DoneAsync("verify-export", export, "--key", given, "--output", "json")).Json;
                Assert.Equal((true, id, "applied", "digits", "v1"), ((bool)seen["verified"]!, (string?)seen["promotion_id"], (string?)seen["status"], (string?)seen["model_name"], (string?)seen["version"]));
                Assert.Contains(seen["points"]!.AsArray(), p => ((string)p!["point"]!).StartsWith("proof ", StringComparison.Ordinal) && (string?)p["status"] == "claimed");
            }
        Assert.False(Directory.Exists(elsewhere.Data));

        // Whoever deploys asks what must have come of it.
        Assert.Equal(0, (await elsewhere.RunAsync("verify-export", file, "--key", pinned, "--outcome", "applied", "--stage", "production", "--model", "digits")).Exit);
        foreach (var (option, other) in new[] { ("outcome", "pending"), ("stage", "staging"), ("model", "churn") })
        {
            var asked = await elsewhere.RunAsync("verify-export", file, "--key", pinned, $"--{option}", other, "--output", "json");
            Assert.Equal(1, asked.Exit);
            Assert.Equal($"asked_{option}", (string?)Assert.Single(asked.Json["points"]!.AsArray(), p => (string?)p!["status"] == "failed")!["point"]);
        }
        var table = (await elsewhere.DoneAsync("verify-export", file, "--key", pinned)).Out;
        Assert.Contains("What it does not prove", table, StringComparison.Ordinal);

        // One letter of what is signed.
        var at = printed.Length / 3;
        var changed = elsewhere.File("changed.json", printed[..at] + (printed[at] == 'A' ? 'B' : 'A') + printed[(at + 1)..]);
        var found = await elsewhere.RunAsync("verify-export", changed, "--key", pinned, "--output", "json");
        Assert.Equal(1, found.Exit);
        Assert.Contains(found.Json["points"]!.AsArray(), p => (string?)p!["point"] == "envelope" && (string?)p["status"] == "failed");
        Assert.Equal(1, (await elsewhere.RunAsync("verify-export", elsewhere.File("none.json", "none"), "--key", pinned)).Exit);

        foreach (var (exit, code, line) in new[] { (66, "promotion_not_found", $"export prm_none --data {desk.Data}"), (66, "source_missing", $"verify-export {file}? --key {pinned}"), (64, "verifier_key_invalid", $"verify-export {file} --key nothing") })
        {
            var ran = await elsewhere.RunAsync(line.Split(' '));
            Assert.True((exit, "") == (ran.Exit, ran.Out), $"{line} ended with {ran.Exit}: {ran.Err}");
            Assert.StartsWith(code + ": ", ran.Err, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Attack(4, "rest")]
    public async Task Over_REST_and_from_its_page_whoever_may_read_gets_what_verifies()
    {
        await using var rest = await ServedRest.OpenAsync();
        var id = await rest.ProposeAsync();
        Assert.Equal("applied", (await rest.DecideAsync(id, ServedRest.Decision()))["status"]);

        rest.Token = await rest.Registry.TokenAsync("auditor", "viewer");
        var key = SeededRegistry.Ok(VerifierKey.Read((await rest.GetAsync("/audit/key")).Body));
        var export = await rest.GetAsync($"/promotions/{id}/export");
        Assert.Equal((200, DsseEnvelope.MediaType, $"attachment; filename=\"{id}.json\""), (export.Status, export.Response.Content.Headers.ContentType?.MediaType, export.Response.Content.Headers.ContentDisposition?.ToString()));
        var report = ExportVerification.Verify(System.Text.Encoding.UTF8.GetBytes(export.Body), key);
        Assert.True(report.Verified, string.Join("\n", report.Points));
        Assert.Equal((id, "applied"), (report.Promotion!.Id, report.Promotion.Status));
        ServedRest.Problem(404, "promotion_not_found", await rest.GetAsync("/promotions/prm_none/export"));

        await using var ben = await SignedIn.AsAsync("ben", rest.Address);
        Assert.Contains($"href=\"/ui/promotions/{id}/export\"", await ben.PageAsync($"/ui/promotions/{id}"), StringComparison.Ordinal);
        using (var download = await ben.GetAsync($"/ui/promotions/{id}/export"))
        {
            Assert.Equal((HttpStatusCode.OK, DsseEnvelope.MediaType, "attachment"), (download.StatusCode, download.Content.Headers.ContentType?.MediaType, download.Content.Headers.ContentDisposition?.DispositionType));
            Assert.True(ExportVerification.Verify(await download.Content.ReadAsByteArrayAsync(), key).Verified);
        }
        Assert.Contains("promotion_not_found", await ben.PageAsync("/ui/promotions/prm_none/export", HttpStatusCode.NotFound), StringComparison.Ordinal);

        // A cookie of the pages is none over REST; and who is not known gets nothing anywhere.
        rest.Token = null;
        foreach (var path in new[] { $"/promotions/{id}/export", "/audit/key" })
            Assert.Equal(401, (await rest.GetAsync(path, ("Cookie", ben.Cookie))).Status);
        await using var nobody = SignedIn.Nobody(rest.Address);
        using var led = await nobody.GetAsync($"/ui/promotions/{id}/export");
        Assert.Equal(HttpStatusCode.SeeOther, led.StatusCode);
    }

    [Fact]
    [Attack(21, "rest")]
    public async Task Whoever_asks_for_exports_and_reads_none_takes_the_few_places_there_are_and_no_more()
    {
        await using var rest = await ServedRest.OpenAsync();
        var id = await rest.ProposeAsync();
        // As large as they get: more than lies between a server and whoever does not read.
        await using (var raw = new SqliteConnection($"Data Source={Path.Combine(rest.Registry.DataFolder, "registry.db")}"))
        {
            await raw.OpenAsync();
            await using var more = raw.CreateCommand();
            more.CommandText = "insert into version_file (version_id, path, size_bytes, sha256) select f.version_id, printf('%05d/', i) || printf('%.240c', 'x'), 1, f.sha256"
                + " from (select version_id, min(sha256) as sha256 from version_file group by version_id) f, (with recursive n(i) as (select 1 union all select i + 1 from n where i < 9999) select i from n)";
            Assert.True(await more.ExecuteNonQueryAsync() > 9_000);
        }
        var whole = await rest.GetAsync($"/promotions/{id}/export");
        Assert.InRange(whole.Body.Length, 4_000_000, DsseEnvelope.MaxBytes);

        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
                idle.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, rest.Address.Port);
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"GET /promotions/{id}/export HTTP/1.1\r\nHost: {rest.Address.Authority}\r\nAuthorization: Bearer {rest.Token}\r\n\r\n"));
                // The head has come: it is on its way.
                Assert.True(await socket.ReceiveAsync(new byte[12]) > 0);
            }
            ServedRest.Problem(429, "rate_limited", await rest.GetAsync($"/promotions/{id}/export"));
            await using var ben = await SignedIn.AsAsync("ben", rest.Address);
            Assert.Contains("rate_limited", await ben.PageAsync($"/ui/promotions/{id}/export", HttpStatusCode.TooManyRequests), StringComparison.Ordinal);
            Assert.Equal(200, (await rest.GetAsync($"/promotions/{id}")).Status);
        }
        finally
        {
            idle.ForEach(s => s.Dispose());
        }
        // Their places are free again as soon as the server knows that they are gone.
        RestAnswer after;
        do
            after = await rest.GetAsync($"/promotions/{id}/export");
        while (after.Status == 429);
        Assert.Equal(200, after.Status);
    }
}
