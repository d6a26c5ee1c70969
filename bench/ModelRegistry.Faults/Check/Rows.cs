using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using ModelRegistry.Faults.Load;
using Npgsql;

namespace ModelRegistry.Faults.Check;

/// <summary>The rows of a registry as they lie in its database, read past the registry's own code.</summary>
internal sealed class Rows : IAsyncDisposable
{
    private readonly DbConnection _connection;

    private Rows(DbConnection connection) => _connection = connection;

    public bool IsSqlite => _connection is SqliteConnection;

    public static async Task<Rows> OpenAsync(TrialPlace place)
    {
        // Which library is used, the registry chooses.
        _ = RegistryServices.SqliteVersion;
        DbConnection connection = place.Database is null
            ? new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(place.DataFolder, "registry.db"), Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString())
            : new NpgsqlConnection(ConnectionString(new Uri(place.Database)));
        await connection.OpenAsync();
        return new Rows(connection);
    }

    /// <summary>Every row, each column as text; null is empty.</summary>
    public async Task<List<string[]>> AllAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 120;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!)]);
        return rows;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static string ConnectionString(Uri url)
    {
        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder { Host = url.Host, Port = url.Port, Username = user[0], Password = user[1], Database = url.AbsolutePath[1..], Pooling = false }.ToString();
    }
}
