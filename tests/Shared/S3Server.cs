using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(S3Server))]

namespace ModelRegistry.Tests;

/// <summary>
/// A real S3 server of the tests' own: Ceph's gateway before a cluster of one monitor and one store in memory, on loopback, started when
/// the first test asks for a bucket and gone with the tests. Where Ceph is not installed its tests are skipped and say so.
/// </summary>
public sealed class S3Server : IAsyncLifetime
{
    private const string AccessKey = "onlyfortests", SecretKey = "only-for-tests";
    private static readonly string[] Programs = ["radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool"];

    private readonly SemaphoreSlim _starting = new(1, 1);
    private string? _folder;
    private Uri? _address;
    private int _buckets;

    /// <summary>Address and keys; only after a bucket was asked for.</summary>
    public S3Options Options => new() { Endpoint = _address, AccessKey = AccessKey, SecretKey = SecretKey, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The settings of a process that is to use it.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["MODELREGISTRY_S3_ENDPOINT"] = _address!.AbsoluteUri, ["MODELREGISTRY_S3_ACCESS_KEY"] = AccessKey, ["MODELREGISTRY_S3_SECRET_KEY"] = SecretKey,
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>An empty bucket. Skips the test where there is no server.</summary>
    public async Task<string> NewBucketAsync()
    {
        foreach (var program in Programs)
            Needs.Program(program, "the S3 server of the tests is Ceph (Debian: radosgw ceph-mon ceph-osd ceph-common)");
        await _starting.WaitAsync();
        try
        {
            if (_address is null)
                await StartAsync();
        }
        finally
        {
            _starting.Release();
        }
        var name = $"bucket-{Interlocked.Increment(ref _buckets)}";
        using var client = Connect();
        await client.PutBucketAsync(name);
        return name;
    }

    /// <summary>A client of the tests' own, for what the registry is not to do.</summary>
    public AmazonS3Client Connect() => new(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
    {
        ServiceURL = _address!.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>The keys of every object in a bucket, and of every multipart upload that is under way, these with a trailing <c>?</c>.</summary>
    public async Task<string[]> KeysAsync(string bucket, string prefix = "")
    {
        using var client = Connect();
        var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix });
        var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket, Prefix = prefix });
        return [.. (objects.S3Objects ?? []).Select(o => o.Key).Concat((uploads.MultipartUploads ?? []).Select(u => u.Key + "?")).Order(StringComparer.Ordinal)];
    }

    /// <summary>Stops the gateway where it is: it takes connections and answers nothing.</summary>
    public Task FreezeAsync() => RunAsync("kill", "-STOP", Gateway);

    public Task ThawAsync() => RunAsync("kill", "-CONT", Gateway);

    private string Gateway => File.ReadAllText(Path.Combine(_folder!, "client.rgw.pid")).Trim();

    public async ValueTask DisposeAsync()
    {
        _starting.Dispose();
        if (_folder is null)
            return;
        foreach (var daemon in (string[])["client.rgw", "osd.0", "mon.a"])
            if (File.Exists(Path.Combine(_folder, daemon + ".pid")) && int.TryParse(await File.ReadAllTextAsync(Path.Combine(_folder, daemon + ".pid")), CultureInfo.InvariantCulture, out var id))
                End(id);
        Directory.Delete(_folder, recursive: true);
    }

    // Nothing in it is worth an orderly end.
    private static void End(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
            process.WaitForExit(10_000);
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    private async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("s3-test-").FullName;
        var (gateway, monitor) = FreePorts();
        var cluster = Guid.NewGuid().ToString();
        foreach (var name in (string[])["mon", "osd", "rgw"])
            Directory.CreateDirectory(Path.Combine(_folder, name));
        var conf = Path.Combine(_folder, "ceph.conf");
        await File.WriteAllTextAsync(conf, $"""
            [global]
            fsid = {cluster}
            mon_host = v2:127.0.0.1:{monitor}
            public_addr = 127.0.0.1
            cluster_addr = 127.0.0.1
            mon_data = {_folder}/mon
            osd_data = {_folder}/osd
            rgw_data = {_folder}/rgw
            keyring = {_folder}/keyring
            pid_file = {_folder}/$name.pid
            admin_socket = {_folder}/$name.asok
            log_file = {_folder}/$name.log
            mon_cluster_log_file = {_folder}/cluster.log
            auth_cluster_required = none
            auth_service_required = none
            auth_client_required = none
            ms_mon_client_mode = crc
            paxos_propose_interval = 0.05
            paxos_min_wait = 0.02
            osd_objectstore = memstore
            memstore_device_bytes = 2147483648
            osd_pool_default_size = 1
            osd_pool_default_min_size = 1
            osd_pool_default_pg_num = 1
            osd_pool_default_pgp_num = 1
            osd_pool_default_pg_autoscale_mode = off
            osd_crush_chooseleaf_type = 0
            osd_max_object_name_len = 2048
            mon_allow_pool_size_one = true
            rgw_frontends = beast endpoint=127.0.0.1:{gateway}
            rgw_enable_apis = s3, admin
            rgw_run_sync_thread = false
            rgw_thread_pool_size = 32

            """);
        var store = Guid.NewGuid().ToString();
        await RunAsync("monmaptool", "--create", "--fsid", cluster, "--addv", "a", $"[v2:127.0.0.1:{monitor}]", $"{_folder}/monmap");
        await RunAsync("ceph-mon", "-c", conf, "-i", "a", "--mkfs", "--monmap", $"{_folder}/monmap");
        await RunAsync("ceph-mon", "-c", conf, "-i", "a");
        await RunAsync("ceph", "-c", conf, "osd", "new", store, "0");
        await RunAsync("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", store);
        await RunAsync("ceph-osd", "-c", conf, "-i", "0");
        await RunAsync("radosgw", "-c", conf, "-n", "client.rgw");
        await RunAsync("radosgw-admin", "-c", conf, "-n", "client.rgw", "user", "create", "--uid=tests", "--display-name=tests", $"--access-key={AccessKey}", $"--secret-key={SecretKey}", "--max-buckets=0");
        var address = new Uri($"http://127.0.0.1:{gateway}/");
        using var http = new HttpClient();
        for (var attempt = 0; ; attempt++)
            try
            {
                using var answer = await http.GetAsync(address);
                break;
            }
            catch (HttpRequestException) when (attempt < 150)
            {
                await Task.Delay(200);
            }
        _address = address;
        // Its pools are made when they are first written to, which takes longer than a test of patience waits.
        using var client = Connect();
        await client.PutBucketAsync("warm-up");
        await client.PutObjectAsync(new PutObjectRequest { BucketName = "warm-up", Key = "object", ContentBody = "warm" });
        await client.AbortMultipartUploadAsync("warm-up", "upload", (await client.InitiateMultipartUploadAsync("warm-up", "upload")).UploadId);
    }

    private static (int, int) FreePorts()
    {
        using TcpListener first = new(IPAddress.Loopback, 0), second = new(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    private static async Task RunAsync(string program, params string[] args)
    {
        // Not redirected: the daemons would keep the pipe open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. args]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}.");
    }
}
