using Amazon.S3;
using Amazon.S3.Model;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(S3Server))]

namespace ModelRegistry.Tests;

/// <summary>
/// A real S3 server of the tests' own (<see cref="CephGateway"/>), started when the first test asks for a bucket and gone with the tests.
/// Where Ceph is not installed its tests are skipped and say so.
/// </summary>
public sealed class S3Server : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private CephGateway? _gateway;
    private int _buckets;

    /// <summary>Address and keys; only after a bucket was asked for.</summary>
    public S3Options Options => new() { Endpoint = _gateway?.Address, AccessKey = CephGateway.AccessKey, SecretKey = CephGateway.SecretKey, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>The settings of a process that is to use it.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["MODELREGISTRY_S3_ENDPOINT"] = _gateway!.Address.AbsoluteUri, ["MODELREGISTRY_S3_ACCESS_KEY"] = CephGateway.AccessKey, ["MODELREGISTRY_S3_SECRET_KEY"] = CephGateway.SecretKey,
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>An empty bucket. Skips the test where there is no server.</summary>
    public async Task<string> NewBucketAsync()
    {
        foreach (var program in CephGateway.Programs)
            Needs.Program(program, "the S3 server of the tests is Ceph (Debian: radosgw ceph-mon ceph-osd ceph-common)");
        await _starting.WaitAsync();
        try
        {
            _gateway ??= await CephGateway.StartAsync();
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
    public AmazonS3Client Connect() => _gateway!.Connect();

    /// <summary>The keys of every object in a bucket, and of every multipart upload that is under way, these with a trailing <c>?</c>.</summary>
    public async Task<string[]> KeysAsync(string bucket, string prefix = "")
    {
        using var client = Connect();
        var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix });
        var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket, Prefix = prefix });
        return [.. (objects.S3Objects ?? []).Select(o => o.Key).Concat((uploads.MultipartUploads ?? []).Select(u => u.Key + "?")).Order(StringComparer.Ordinal)];
    }

    /// <summary>Stops the gateway where it is: it takes connections and answers nothing.</summary>
    public Task FreezeAsync() => _gateway!.FreezeAsync();

    public Task ThawAsync() => _gateway!.ThawAsync();

    public async ValueTask DisposeAsync()
    {
        _starting.Dispose();
        if (_gateway is not null)
            await _gateway.DisposeAsync();
    }
}
