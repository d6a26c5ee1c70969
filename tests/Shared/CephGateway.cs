using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace ModelRegistry.Tests;

/// <summary>
/// Ceph's S3 gateway before a cluster of one monitor and one store, all of them real, on loopback and in a temporary folder; gone when
/// it is disposed of.
/// </summary>
internal sealed class CephGateway : IAsyncDisposable
{
    public const string AccessKey = "onlyfortests", SecretKey = "only-for-tests";

    /// <summary>What has to be installed (Debian: radosgw ceph-mon ceph-osd ceph-common).</summary>
    public static readonly string[] Programs = ["radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool"];

    private const long BytesInMemory = 2L << 30;

    private readonly string _folder;

    private CephGateway(string folder, Uri address) => (_folder, Address) = (folder, address);

    public Uri Address { get; }

    private string Gateway => File.ReadAllText(Path.Combine(_folder, "client.rgw.pid")).Trim();

    /// <param name="bytesOnDisk">How much it can hold, in a sparse file of its folder; null: 2 GiB, in memory. What is deleted takes its room for two hours more.</param>
    public static async Task<CephGateway> StartAsync(long? bytesOnDisk = null)
    {
        var folder = Directory.CreateTempSubdirectory("s3-test-").FullName;
        var (gateway, monitor) = FreePorts();
        var it = new CephGateway(folder, new Uri($"http://127.0.0.1:{gateway}/"));
        try
        {
            await it.StartAsync(gateway, monitor, bytesOnDisk is { } bytes
                ? $"osd_objectstore = bluestore\nbluestore_block_size = {bytes.ToString(CultureInfo.InvariantCulture)}"
                : $"osd_objectstore = memstore\nmemstore_device_bytes = {BytesInMemory.ToString(CultureInfo.InvariantCulture)}");
            return it;
        }
        catch
        {
            await it.DisposeAsync();
            throw;
        }
    }

    public AmazonS3Client Connect() => new(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
    {
        ServiceURL = Address.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>Stops the gateway where it is: it takes connections and answers nothing.</summary>
    public Task FreezeAsync() => RunAsync("kill", "-STOP", Gateway);

    public Task ThawAsync() => RunAsync("kill", "-CONT", Gateway);

    public async ValueTask DisposeAsync()
    {
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

    private async Task StartAsync(int gateway, int monitor, string store)
    {
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
            {store}
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
        var osd = Guid.NewGuid().ToString();
        await RunAsync("monmaptool", "--create", "--fsid", cluster, "--addv", "a", $"[v2:127.0.0.1:{monitor}]", $"{_folder}/monmap");
        await RunAsync("ceph-mon", "-c", conf, "-i", "a", "--mkfs", "--monmap", $"{_folder}/monmap");
        await RunAsync("ceph-mon", "-c", conf, "-i", "a");
        await RunAsync("ceph", "-c", conf, "osd", "new", osd, "0");
        await RunAsync("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osd);
        await RunAsync("ceph-osd", "-c", conf, "-i", "0");
        await RunAsync("radosgw", "-c", conf, "-n", "client.rgw");
        await RunAsync("radosgw-admin", "-c", conf, "-n", "client.rgw", "user", "create", "--uid=tests", "--display-name=tests", $"--access-key={AccessKey}", $"--secret-key={SecretKey}", "--max-buckets=0");
        using var http = new HttpClient();
        for (var attempt = 0; ; attempt++)
            try
            {
                using var answer = await http.GetAsync(Address);
                break;
            }
            catch (HttpRequestException) when (attempt < 150)
            {
                await Task.Delay(200);
            }
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
