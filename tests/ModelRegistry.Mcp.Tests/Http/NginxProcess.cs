using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// A real nginx with the configuration of <c>deploy/nginx</c>, in which only names, ports and paths are those of the test. Where there is
/// none its tests are skipped and say so.
/// </summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly string _program = Needs.Program(File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx", "it stands before the replicas");
    private Process? _process;

    /// <summary>Where clients reach it.</summary>
    public Uri Address { get; } = new($"https://localhost:{FreePort()}");

    /// <summary>Starts it before these servers.</summary>
    public async Task StartAsync(params Uri[] upstream)
    {
        await File.WriteAllTextAsync(_folder.File("tls.crt"), _certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_folder.File("tls.key"), _certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var conf = await File.ReadAllTextAsync(Repository.At("deploy/nginx/model-registry.conf"));
        foreach (var (from, to) in new (string, string)[]
        {
            ("registry-1:8003", upstream[0].Authority), ("registry-2:8003", upstream[1].Authority), ("listen 443 ssl", $"listen 127.0.0.1:{Address.Port} ssl"),
            ("listen 80;", $"listen 127.0.0.1:{FreePort()};"), ("models.example.org", "localhost"), ("/etc/nginx/tls", _folder.Path),
        })
        {
            Xunit.Assert.Contains(from, conf, StringComparison.Ordinal);
            conf = conf.Replace(from, to, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(_folder.File("registry.conf"), conf);
        await File.WriteAllTextAsync(_folder.File("nginx.conf"), $$"""
            daemon off;
            worker_processes 1;
            pid {{_folder.File("nginx.pid")}};
            error_log {{_folder.File("error.log")}};
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            events { worker_connections 256; }
            http {
                access_log off;
                {{string.Join('\n', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {_folder.File(kind)};"))}}
                include {{_folder.File("registry.conf")}};
            }
            """);
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", _program, "-c", _folder.File("nginx.conf"), "-e", _folder.File("error.log")]))!;
        using var patience = new CancellationTokenSource(Patience);
        while (true)
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, Address.Port, patience.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(50, patience.Token);
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException($"nginx ended with {_process.ExitCode}: {await File.ReadAllTextAsync(_folder.File("error.log"))}", e);
            }
    }

    /// <summary>What a client goes through that trusts this certificate and no other.</summary>
    public SocketsHttpHandler Trusting() => new()
    {
        UseCookies = false, AllowAutoRedirect = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, seen, _, _) => seen?.GetCertHashString() == _certificate.GetCertHashString() },
    };

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            using var end = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
        _process?.Dispose();
        _certificate.Dispose();
        _folder.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(7));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
