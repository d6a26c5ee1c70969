using System.Net;
using System.Net.Sockets;
using System.Text;
using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.S3;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Something that answers 200 in the place of a store: it is taken for an outage, and never for a store that did what it was asked.</summary>
public sealed class BucketImpostorTests : IDisposable
{
    private const string Error = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InternalError</Code></Error>";

    private readonly HttpListener _listener = new();
    private readonly S3Store _store;
    private readonly ArtifactVault _vault;

    // Whether it knows objects when it is only asked whether they are there.
    private bool _knows;

    public BucketImpostorTests()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _listener.Prefixes.Add($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }
        _listener.Start();
        _ = Task.Run(AnswerAsync);
        _store = new S3Store("bucket", "", new S3Options { Endpoint = new Uri(_listener.Prefixes.Single()), AccessKey = "key", SecretKey = "secret", Timeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);
        _vault = new ArtifactVault(_store);
    }

    public void Dispose()
    {
        _vault.Dispose();
        _listener.Close();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(9 << 20)]
    public async Task A_content_that_was_not_put_is_not_taken_for_kept(int bytes)
    {
        var outage = await Assert.ThrowsAsync<StorageUnavailableException>(() => _vault.PutAsync(new MemoryStream(new byte[bytes]), ct: TestContext.Current.CancellationToken));
        Assert.NotEmpty(outage.Remedy);
    }

    [Fact]
    public async Task A_content_that_was_not_looked_for_is_neither_here_nor_altered()
    {
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _vault.FindAsync(Digest.Of("weights"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _vault.VerifyAsync(Digest.Of("weights"), 7, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_error_in_the_place_of_a_content_is_not_hashed_for_it()
    {
        _knows = true;
        var outage = await Assert.ThrowsAsync<StorageUnavailableException>(() => _vault.VerifyAsync(Digest.Of("weights"), 7, null, TestContext.Current.CancellationToken));
        Assert.Contains("the answer was not the store's", outage.Message, StringComparison.Ordinal);
    }

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
            try
            {
                var asked = await _listener.GetContextAsync();
                await asked.Request.InputStream.CopyToAsync(Stream.Null);
                if (asked.Request.HttpMethod == "HEAD")
                {
                    if (_knows)
                        asked.Response.Headers["ETag"] = "\"5d41402abc4b2a76b9719d911017c592\"";
                    asked.Response.ContentLength64 = 7;
                }
                else
                {
                    asked.Response.ContentType = "application/xml";
                    await asked.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Error));
                }
                asked.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // It is over, or whoever asked is gone.
            }
    }
}
