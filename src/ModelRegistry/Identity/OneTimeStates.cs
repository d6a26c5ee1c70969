using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>
/// What is given out to be brought back once: a question's or a challenge's own words, signed (HMAC-SHA256) for one purpose and
/// good for five minutes. Nothing is written until one comes back; then its nonce is used up. Key and used nonces are in the
/// database, so that any replica can take what another gave out.
/// </summary>
internal sealed class OneTimeStates
{
    private const string SecretName = "request-state";
    private const int MostLength = 8192;

    private byte[]? _key;

    private sealed record Envelope<T>(string Nonce, long ExpiresMicros, T Body);

    /// <summary>Writes the key of a new registry.</summary>
    public static ValueTask<int> PlantKeyAsync(RegistrySession session) => session.PlantSecretAsync(SecretName, RandomNumberGenerator.GetBytes(32));

    public async ValueTask<string> OpenAsync<T>(RegistrySession session, string purpose, T body)
    {
        var envelope = new Envelope<T>(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), Times.Micros(session.Now + Proof.Freshness), body);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(envelope);
        return $"{Base64Url.EncodeToString(bytes)}.{Base64Url.EncodeToString(await SealAsync(session, purpose, bytes))}";
    }

    /// <summary>What a state says, when it was given out for this purpose and is still good; it stays good. Null when it is not.</summary>
    public async ValueTask<T?> ReadAsync<T>(RegistrySession session, string purpose, string? state) where T : class =>
        await FindAsync<T>(session, purpose, state) is { } found ? found.Body : null;

    /// <summary>The same, and uses it up within the caller's transaction: null also when it was used before.</summary>
    public async ValueTask<T?> CloseAsync<T>(RegistrySession session, string purpose, string? state) where T : class =>
        await FindAsync<T>(session, purpose, state) is { } found && await session.UseNonceAsync(found.Nonce, found.ExpiresMicros) ? found.Body : null;

    /// <summary>What shows that this registry wrote a text for a purpose. It says nothing of when, nor whether it was brought before: whoever asks for it knows.</summary>
    public async ValueTask<string> SealAsync(RegistrySession session, string purpose, string text) => Base64Url.EncodeToString(await SealAsync(session, purpose, Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether a seal is that of a text.</summary>
    public async ValueTask<bool> IsSealAsync(RegistrySession session, string purpose, string text, string seal) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(await SealAsync(session, purpose, text)), Encoding.UTF8.GetBytes(seal));

    private async ValueTask<Envelope<T>?> FindAsync<T>(RegistrySession session, string purpose, string? state)
    {
        if (state is not { Length: < MostLength } || state.Split('.') is not [var payload, var mac] || !Base64Url.IsValid(payload) || !Base64Url.IsValid(mac))
            return null;
        var bytes = Base64Url.DecodeFromChars(payload);
        if (!CryptographicOperations.FixedTimeEquals(await SealAsync(session, purpose, bytes), Base64Url.DecodeFromChars(mac)))
            return null;
        var envelope = JsonSerializer.Deserialize<Envelope<T>>(bytes)!;
        return envelope.ExpiresMicros > Times.Micros(session.Now) ? envelope : null;
    }

    // The purpose is sealed with it: what was given out for one thing is no answer to another.
    private async ValueTask<byte[]> SealAsync(RegistrySession session, string purpose, byte[] bytes)
    {
        _key ??= await session.FindSecretAsync(SecretName) ?? throw new InvalidOperationException("The registry has lost its request-state key.");
        byte[] sealedWith = [.. Encoding.UTF8.GetBytes(purpose), 0, .. bytes];
        return HMACSHA256.HashData(_key, sealedWith);
    }
}
