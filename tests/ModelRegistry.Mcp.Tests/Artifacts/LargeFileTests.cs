using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Rest;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>A file that no server may hold in memory, in a folder, and servers that are killed while it comes and goes.</summary>
public sealed class LargeFileTests
{
    private const string File = "/models/large/versions/v1/files/weights.bin";
    private const int MiB = 1 << 20;

    private static HttpClient Client(ServedRest rest)
    {
        var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", rest.Token);
        return http;
    }

    [Fact]
    public async Task It_goes_in_and_out_through_kills_byte_for_byte_and_in_flat_memory()
    {
        Needs.Linux("the memory of a process is read from /proc");
        await using var rest = await ServedRest.OpenAsync(churn: false);
        using var http = Client(rest);
        var content = new EndlessContent(192L * MiB, 1);
        var blob = $"/blobs/{content.Sha256}";

        var sent = 0L;
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = http.PutAsync(new Uri(rest.Server.Address, blob), content.From(0, at =>
        {
            if ((sent = at) >= content.Size / 2)
                half.TrySetResult();
        }));
        await half.Task.WaitAsync(TimeSpan.FromMinutes(2));
        rest.Server.Process.Kill();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);

        await using var second = await ServeProcess.StartAsync(rest.Registry.DataFolder);
        var before = Memory(second, "VmRSS");
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(second.Address, blob)));
        var offset = long.Parse(Assert.Single(head.Headers.GetValues("Upload-Offset")), CultureInfo.InvariantCulture);
        Assert.InRange(offset, MiB, sent);
        using (var body = content.From(offset))
        {
            body.Headers.ContentRange = new ContentRangeHeaderValue(offset, content.Size - 1, content.Size);
            using var rested = await http.PutAsync(new Uri(second.Address, blob), body);
            Assert.True(rested.StatusCode == HttpStatusCode.Created, await rested.Content.ReadAsStringAsync());
        }
        Assert.Empty(Directory.GetFiles(Path.Combine(rest.Registry.DataFolder, "artifacts", "staging")));
        using var made = await http.PostAsJsonAsync(new Uri(second.Address, "/models/large/versions"), new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "weights.bin", ["sha256"] = content.Sha256 }) });
        Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync());

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var cut = await http.GetAsync(new Uri(second.Address, File), HttpCompletionOption.ResponseHeadersRead);
        var received = await HashAsync(cut, hash, content.Size / 2);
        Assert.InRange(Memory(second, "VmHWM") - before, 0, content.Size / 2);
        second.Process.Kill();

        await using var third = await ServeProcess.StartAsync(rest.Registry.DataFolder);
        using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri(third.Address, File)) { Headers = { Range = new RangeHeaderValue(received, null), IfRange = new RangeConditionHeaderValue(cut.Headers.ETag!) } };
        using var remaining = await http.SendAsync(asked, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.PartialContent, content.Size - received), (remaining.StatusCode, remaining.Content.Headers.ContentLength));
        await HashAsync(remaining, hash, content.Size);
        Assert.Equal(content.Sha256, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Fact]
    public async Task In_many_pieces_it_is_read_again_once_and_not_for_every_piece()
    {
        Needs.Linux("what a process read is read from /proc");
        await using var rest = await ServedRest.OpenAsync(churn: false);
        using var http = Client(rest);
        var content = new EndlessContent(32L * MiB, 2);
        var before = Read(rest.Server);

        for (var at = 0L; at < content.Size; at += EndlessContent.BlockBytes)
        {
            using var piece = new ByteArrayContent(content.Read(at, new byte[EndlessContent.BlockBytes]).ToArray());
            piece.Headers.ContentRange = new ContentRangeHeaderValue(at, at + EndlessContent.BlockBytes - 1, content.Size);
            using var answer = await http.PutAsync(new Uri(rest.Server.Address, $"/blobs/{content.Sha256}"), piece);
            Assert.Equal(at + EndlessContent.BlockBytes < content.Size ? HttpStatusCode.Accepted : HttpStatusCode.Created, answer.StatusCode);
        }

        Assert.InRange(Read(rest.Server) - before, content.Size, 3 * content.Size);
    }

    /// <returns>How much came, at least as much as asked for.</returns>
    private static async Task<long> HashAsync(HttpResponseMessage answer, IncrementalHash hash, long most)
    {
        var (body, buffer, at) = (await answer.Content.ReadAsStreamAsync(), new byte[MiB], 0L);
        int read;
        while (at < most && (read = await body.ReadAsync(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            at += read;
        }
        return at;
    }

    /// <summary>In bytes.</summary>
    private static long Memory(ServeProcess server, string field) => 1024 * Number($"/proc/{server.Process.Id}/status", field);

    /// <summary>Bytes that it read from files, from the page cache or not.</summary>
    private static long Read(ServeProcess server) => Number($"/proc/{server.Process.Id}/io", "rchar");

    private static long Number(string file, string field) =>
        long.Parse(System.IO.File.ReadLines(file).First(line => line.StartsWith(field, StringComparison.Ordinal)).Split((char[])[':', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
