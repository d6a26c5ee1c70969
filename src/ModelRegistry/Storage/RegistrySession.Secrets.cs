using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Keys that every replica needs, and nonces that none may take twice.</summary>
public sealed partial class RegistrySession
{
    /// <summary>Keeps a key, unless there is one of this name.</summary>
    internal ValueTask<int> PlantSecretAsync(string name, byte[] key) => ExecuteAsync(
        "insert into secret (name, value, created_at) values (@name, @value, @at) on conflict (name) do nothing",
        ("name", name), ("value", Convert.ToBase64String(key)), ("at", Times.Micros(Now)));

    internal async ValueTask<byte[]?> FindSecretAsync(string name) =>
        (string?)await ScalarAsync("select value from secret where name = @name", ("name", name)) is { } value ? Convert.FromBase64String(value) : null;

    /// <summary>Uses up a nonce until it expires; false when it was used before. Expired ones are forgotten on the way.</summary>
    internal async ValueTask<bool> UseNonceAsync(string nonce, long expiresMicros)
    {
        await ExecuteAsync("delete from used_nonce where expires_at < @now", ("now", Times.Micros(Now)));
        return await ExecuteAsync(
            "insert into used_nonce (nonce, expires_at) values (@nonce, @expires) on conflict (nonce) do nothing",
            ("nonce", nonce), ("expires", expiresMicros)) == 1;
    }
}
