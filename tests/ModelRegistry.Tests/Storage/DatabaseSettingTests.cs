using ModelRegistry.Storage;
using Npgsql;
using Xunit;

namespace ModelRegistry.Tests.Storage;

public sealed class DatabaseSettingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres://ada:p%40ss@db.example:6543/registry", "db.example:6543/registry")]
    [InlineData("postgresql://ada@db.example?sslmode=require&connect_timeout=3", "db.example:5432/ada")]
    [InlineData("Host=db.example;Username=ada;Database=registry", "db.example:5432/registry")]
    public async Task A_server_is_named_by_a_URL_or_a_connection_string(string setting, string location)
    {
        await using var dialect = Dialect.For(new StorageOptions(_folder.Path, setting));
        Assert.Equal(location, dialect.Location);
    }

    [Theory]
    [InlineData("postgres://ada:s3cret%40@db.example:6543/registry?sslmode=verify-full&sslrootcert=/etc/ca.pem", "postgres://ada@db.example:6543/registry?sslmode=verify-full&sslrootcert=/etc/ca.pem")]
    [InlineData("postgresql://ada@db.example/my%20models?password=s3cret&SSL%20Password=s3cret&connect_timeout=3", "postgres://ada@db.example/my%20models?connect_timeout=3")]
    [InlineData("Host=db.example;Username=ada;Database=registry;PWD=s3cret;SSL Mode=VerifyFull", "Host=db.example;Username=ada;Database=registry;SSL Mode=VerifyFull")]
    public async Task A_setting_can_be_shown_as_it_was_given_but_for_its_secrets(string given, string shown)
    {
        await using var dialect = Dialect.For(new StorageOptions(_folder.Path, given));
        Assert.Equal(shown, dialect.Setting);
        var (before, after) = (PostgresDialect.Settings(given), PostgresDialect.Settings(dialect.Setting));
        (before.Password, before.SslPassword) = (null, null);
        Assert.Equal(before.ConnectionString, after.ConnectionString);
    }

    [Fact]
    public void What_a_URL_says_in_escapes_is_read()
    {
        var settings = PostgresDialect.Settings("postgres://a%3Ab:p%40%2F%3A@db.example/my%20models?sslmode=verify-full");
        Assert.Equal(("a:b", "p@/:", "my models", SslMode.VerifyFull), (settings.Username, settings.Password, settings.Database, settings.SslMode));
    }

    [Theory]
    [InlineData("registry.db")]
    [InlineData("mysql://ada:secret@db.example/registry")]
    [InlineData("Password=secret;Username=ada")]
    [InlineData("postgres://ada:secret@db.example:port/registry")]
    [InlineData("postgres://ada:secret@db.example/registry?no_such_option=1")]
    public async Task A_setting_that_names_no_database_is_refused_without_its_password(string setting)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => RegistryDb.OpenAsync(new StorageOptions(_folder.Path, setting), TimeProvider.System));
        Assert.Contains("postgres://user:password@host:port/name", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_outage_with_a_remedy()
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        var port = ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => RegistryDb.OpenAsync(new StorageOptions(_folder.Path, $"postgres://ada:secret@127.0.0.1:{port}/registry"), TimeProvider.System));
        Assert.Contains($"127.0.0.1:{port}/registry does not answer", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }
}
