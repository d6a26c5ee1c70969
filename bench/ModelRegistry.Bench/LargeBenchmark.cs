using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Measured;
using ModelRegistry.Tests;

namespace ModelRegistry.Bench;

/// <summary>
/// One file of any length in and out again over real HTTP: its upload is killed with the server (SIGKILL) in the middle and goes on at
/// the next one, so is its download; then it comes as ranges and within the archive of its version. Every digest is compared, and the
/// memory of every server is read. The file itself lies nowhere but in the store.
/// </summary>
internal sealed class LargeBenchmark(ServedRegistry registry, HttpClient http, EndlessContent content)
{
    public const string Options = "--server DLL [--size 5GiB] [--store file|s3]";

    public const string Says = "one large file in and out again, the server killed in the middle of both: digests, and memory";

    private const int Ranges = 8;
    private const string Model = "large", File = "/models/large/versions/v1/files/weights.bin";

    private readonly List<double> _peaks = [];
    private readonly List<IReadOnlyList<string>> _steps = [];
    private bool _differs;

    public static async Task<int> RunAsync(RunOptions options)
    {
        var (server, size, store) = (ServedRegistry.ServerOf(options), ByteCount.Of(options, "5GiB"), options.OneOf("store", "file", "s3"));
        options.NoMore();
        // Twice the content, which is staged and copied, and once more what a killed upload may leave.
        await using var ceph = store == "s3" ? await CephGateway.StartAsync(bytesOnDisk: size * 4 + (4L << 30)) : null;
        await using var registry = await ServedRegistry.StartAsync(server, ceph is null ? null : await BucketAsync(ceph), []);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var report = new Report($"one large file, {(ceph is null ? "a folder" : "a bucket (Ceph's gateway)")}", options);
        return await new LargeBenchmark(registry, http, new EndlessContent(size, 1)).RunAsync(report);
    }

    private static async Task<(string, S3Options)> BucketAsync(CephGateway ceph)
    {
        using var client = ceph.Connect();
        await client.PutBucketAsync("large");
        return ("large", new S3Options { Endpoint = ceph.Address, AccessKey = CephGateway.AccessKey, SecretKey = CephGateway.SecretKey });
    }

    private async Task<int> RunAsync(Report report)
    {
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", registry.Tokens[^1]);
        // What the first requests compile is no file's cost.
        var small = new EndlessContent(1 << 20, 0);
        await PutAsync(small, 0);
        await Task.Delay(TimeSpan.FromSeconds(5));
        var idle = ProcessReading.Of(registry.ProcessId, registry.DataFolder).RssMiB;

        await TimedAsync("upload, killed with the server", CutUploadAsync);
        var offset = await OffsetAsync();
        await TimedAsync($"upload of the rest, from byte {offset} on", async () => { await PutAsync(content, offset); return content.Size - offset; });
        await TimedAsync("registration of the version", async () =>
        {
            using var answer = await http.PostAsJsonAsync(At($"/models/{Model}/versions"), new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "weights.bin", ["sha256"] = content.Sha256 }) });
            await CheckAsync(answer, HttpStatusCode.Created);
            return 0;
        });
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            var received = 0L;
            await TimedAsync("download, killed with the server", async () => received = await CutDownloadAsync(hash));
            await TimedAsync($"download from byte {received} on", () => RangeAsync(hash, received, null));
            Compare("goes on after the kill", hash);
        }
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            await TimedAsync($"download in {Ranges} ranges", async () =>
            {
                var part = content.Size / Ranges + 1;
                for (var at = 0L; at < content.Size; at += part)
                    await RangeAsync(hash, at, Math.Min(at + part, content.Size) - 1);
                return content.Size;
            });
            Compare("in ranges", hash);
        }
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            await TimedAsync("download of the whole version", () => ArchiveAsync(hash));
            Compare("within the archive", hash);
        }
        report.Say(string.Create(CultureInfo.InvariantCulture, $"""
            One file of {content.Size / (double)(1 << 30):0.##} GiB; two of the steps ended in SIGKILL of the server. Digests: {(_differs ? "DIFFERENT" : "equal in every way")}. Memory of the servers,
            one after the other: idle {idle:0} MiB, at most (VmHWM) {string.Join(", ", _peaks.Append(Peak()).Select(p => Report.Number(p)))} MiB.
            """));
        report.Table(["", "seconds", "MiB/s"], _steps);
        return report.Finish(_differs ? 1 : 0);
    }

    /// <summary>Sends all of it, and kills the server when half of it went out.</summary>
    private async Task<long> CutUploadAsync()
    {
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = 0L;
        var sending = http.SendAsync(new HttpRequestMessage(HttpMethod.Put, At($"/blobs/{content.Sha256}"))
        {
            Content = content.From(0, at =>
            {
                sent = at;
                if (at >= content.Size / 2)
                    half.TrySetResult();
            }),
        });
        if (await Task.WhenAny(half.Task, sending) == sending)
            await CheckAsync(await sending, HttpStatusCode.Created);
        await KillAsync();
        await sending.ContinueWith(cut => cut.Exception, TaskScheduler.Default);
        return sent;
    }

    private async Task<long> CutDownloadAsync(IncrementalHash hash)
    {
        using var answer = await http.GetAsync(At(File), HttpCompletionOption.ResponseHeadersRead);
        await CheckAsync(answer, HttpStatusCode.OK);
        var body = await answer.Content.ReadAsStreamAsync();
        var received = 0L;
        try
        {
            received = await HashAsync(body, hash, content.Size / 2);
            await KillAsync();
            // What is on its way still arrives.
            var buffer = new byte[EndlessContent.BlockBytes];
            int read;
            while ((read = await body.ReadAsync(buffer)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                received += read;
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
        }
        return received;
    }

    private async Task<long> RangeAsync(IncrementalHash hash, long from, long? to)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(File)) { Headers = { Range = new RangeHeaderValue(from, to), IfRange = new RangeConditionHeaderValue($"\"{content.Sha256}\"") } };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await CheckAsync(answer, HttpStatusCode.PartialContent);
        return await HashAsync(await answer.Content.ReadAsStreamAsync(), hash);
    }

    private async Task<long> ArchiveAsync(IncrementalHash hash)
    {
        using var answer = await http.GetAsync(At($"/models/{Model}/versions/v1/archive"), HttpCompletionOption.ResponseHeadersRead);
        await CheckAsync(answer, HttpStatusCode.OK);
        await using var tar = new TarReader(await answer.Content.ReadAsStreamAsync());
        var entry = await tar.GetNextEntryAsync();
        return await HashAsync(entry!.DataStream!, hash);
    }

    private async Task PutAsync(EndlessContent sent, long offset)
    {
        using var body = sent.From(offset);
        if (offset > 0)
            body.Headers.ContentRange = new ContentRangeHeaderValue(offset, sent.Size - 1, sent.Size);
        using var answer = await http.PutAsync(At($"/blobs/{sent.Sha256}"), body);
        await CheckAsync(answer, HttpStatusCode.Created);
    }

    private async Task<long> OffsetAsync()
    {
        using var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, At($"/blobs/{content.Sha256}")));
        return long.Parse(answer.Headers.GetValues("Upload-Offset").Single(), CultureInfo.InvariantCulture);
    }

    private async Task KillAsync()
    {
        _peaks.Add(Peak());
        await registry.KillAsync();
        await registry.GoOnAsync();
    }

    private double Peak() => ProcessReading.Of(registry.ProcessId, registry.DataFolder).PeakMiB;

    private Uri At(string path) => new(registry.Address, path);

    private void Compare(string how, IncrementalHash hash)
    {
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        _differs |= found != content.Sha256;
        if (found != content.Sha256)
            Console.Error.WriteLine($"{how}: the digest differs: {found}");
    }

    private static async Task<long> HashAsync(Stream body, IncrementalHash hash, long most = long.MaxValue)
    {
        var (buffer, at) = (new byte[EndlessContent.BlockBytes], 0L);
        int read;
        while (at < most && (read = await body.ReadAsync(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            at += read;
        }
        return at;
    }

    private static async Task CheckAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        if (answer.StatusCode != expected)
            throw new InvalidOperationException($"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <param name="work">Gives how many bytes it moved.</param>
    private async Task TimedAsync(string what, Func<Task<long>> work)
    {
        var watch = Stopwatch.StartNew();
        var moved = await work();
        _steps.Add([what, Report.Number(watch.Elapsed.TotalSeconds, "0.0"), moved > 0 ? Report.Number(moved / 1048576.0 / watch.Elapsed.TotalSeconds) : ""]);
    }
}
