using System.Text.Json;

namespace ModelRegistry.Storage;

/// <summary>What a database is to the registry whose rows it holds.</summary>
internal enum Standing
{
    /// <summary>It holds none.</summary>
    Empty,
    /// <summary>The registry lives here.</summary>
    Live,
    /// <summary>It lived here, and was moved elsewhere.</summary>
    Moved,
    /// <summary>It is on its way here, and not yet to be used.</summary>
    Arriving,
}

/// <summary>
/// That a registry was moved out of a database, or is on its way into it. While either is so the head of the audit log is put aside
/// under a number that no program looks for, so that none can append, however old it is and however long it has the database open.
/// </summary>
/// <param name="Move">Which move: the same on both sides.</param>
/// <param name="Place">The other side; no secrets in it.</param>
/// <param name="Target">Which database the registry was moved into (<see cref="Dialect.IdentityAsync"/>); null where that is not known, or this is the mark there.</param>
internal sealed record MoveMark(string Move, string Place, DateTimeOffset At, string? Target = null)
{
    private const string MovedTo = "moved_to", ArrivingFrom = "arriving_from", ArrivedFrom = "arrived_from";

    private const long Head = 1, Aside = 2;

    /// <summary>What a database is now, whose registry it holds, and the mark that says so.</summary>
    public static async ValueTask<(Standing Standing, string? RegistryId, MoveMark? Mark)> LookAsync(Dialect dialect, StoreConnection connection)
    {
        if (!await dialect.HasTableAsync(connection, "meta").ConfigureAwait(false) || await connection.ScalarAsync("select value from meta where name = 'registry_id'").ConfigureAwait(false) is not string id)
            return (Standing.Empty, null, null);
        var marks = await MarksAsync(connection).ConfigureAwait(false);
        return marks.TryGetValue(MovedTo, out var moved) ? (Standing.Moved, id, moved)
            : marks.TryGetValue(ArrivingFrom, out var arriving) ? (Standing.Arriving, id, arriving)
            : (Standing.Live, id, marks.GetValueOrDefault(ArrivedFrom));
    }

    /// <summary>Throws where the registry does not live here.</summary>
    /// <exception cref="StorageUnavailableException">It was moved, or is only arriving.</exception>
    public static async ValueTask DemandLiveAsync(Dialect dialect, StoreConnection connection)
    {
        var marks = await MarksAsync(connection).ConfigureAwait(false);
        if (marks.TryGetValue(MovedTo, out var moved))
            throw StorageUnavailableException.Moved(dialect.Location, moved.Place, moved.At);
        if (marks.TryGetValue(ArrivingFrom, out var arriving))
            throw StorageUnavailableException.Arriving(dialect.Location, arriving.Place);
    }

    /// <summary>In the caller's transaction: nothing is appended here from now on, for the registry lives elsewhere.</summary>
    public ValueTask CloseAsync(StoreConnection connection) => PutAsideAsync(connection, MovedTo);

    /// <summary>In the caller's transaction: nothing is appended here yet.</summary>
    public ValueTask HoldBackAsync(StoreConnection connection) => PutAsideAsync(connection, ArrivingFrom);

    /// <summary>In the caller's transaction: the registry lives here.</summary>
    /// <param name="arrived">Whether it came by this move; else the move is undone.</param>
    public async ValueTask OpenAsync(StoreConnection connection, bool arrived)
    {
        await ForgetAsync(connection).ConfigureAwait(false);
        if (arrived)
            await RememberAsync(connection, ArrivedFrom).ConfigureAwait(false);
        await connection.ExecuteAsync("update audit_tree set id = @head", ("head", Head)).ConfigureAwait(false);
    }

    private async ValueTask PutAsideAsync(StoreConnection connection, string name)
    {
        await ForgetAsync(connection).ConfigureAwait(false);
        await RememberAsync(connection, name).ConfigureAwait(false);
        await connection.ExecuteAsync("update audit_tree set id = @aside", ("aside", Aside)).ConfigureAwait(false);
    }

    private async ValueTask RememberAsync(StoreConnection connection, string name) =>
        await connection.ExecuteAsync("insert into meta (name, value) values (@name, @value)", ("name", name), ("value", JsonSerializer.Serialize(this))).ConfigureAwait(false);

    private static async ValueTask ForgetAsync(StoreConnection connection) =>
        await connection.ExecuteAsync("delete from meta where name in ('moved_to', 'arriving_from', 'arrived_from')").ConfigureAwait(false);

    private static async ValueTask<Dictionary<string, MoveMark>> MarksAsync(StoreConnection connection) => (await connection.ManyAsync(
        "select name, value from meta where name in ('moved_to', 'arriving_from', 'arrived_from')", r => (Name: r.GetString(0), Value: r.GetString(1))).ConfigureAwait(false))
        .ToDictionary(m => m.Name, m => JsonSerializer.Deserialize<MoveMark>(m.Value)!);
}
