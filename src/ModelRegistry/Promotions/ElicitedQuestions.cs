using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>A question put to a person through a client, and what it was about.</summary>
internal sealed record ElicitedQuestion(string Nonce, string PromotionId, int Revision, string StatementDigest, string ArgumentsDigest, string ActorId, long ExpiresMicros);

/// <summary>
/// Request states: signed (HMAC-SHA256), good for five minutes, used once, and bound to the caller, the promotion's
/// revision and the arguments. Without one, an answer that a client volunteers is not an answer. The key and the used
/// nonces are in the database, so that any replica can take the answer.
/// </summary>
internal sealed class ElicitedQuestions
{
    private const string SecretName = "request-state";

    private byte[]? _key;

    /// <summary>Writes the key of a new registry.</summary>
    public static ValueTask<int> PlantKeyAsync(RegistrySession session) => session.PlantSecretAsync(SecretName, RandomNumberGenerator.GetBytes(32));

    public async ValueTask<string> OpenAsync(RegistrySession session, Actor by, Promotion promotion, string argumentsDigest)
    {
        var question = new ElicitedQuestion(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), promotion.Id, promotion.Revision, promotion.Statement.Digest.Hex,
            argumentsDigest, by.Id, Times.Micros(session.Now + Proof.Freshness));
        var body = JsonSerializer.SerializeToUtf8Bytes(question);
        return $"{Base64Url.EncodeToString(body)}.{Base64Url.EncodeToString(HMACSHA256.HashData(await KeyAsync(session), body))}";
    }

    /// <summary>The question a state stands for, used up within the caller's transaction; null when it is not good.</summary>
    public async ValueTask<ElicitedQuestion?> CloseAsync(RegistrySession session, Actor by, string promotionId, string argumentsDigest, string? state)
    {
        if (state is not { Length: < 2048 } || state.Split('.') is not [var payload, var mac] || !Base64Url.IsValid(payload) || !Base64Url.IsValid(mac))
            return null;
        var body = Base64Url.DecodeFromChars(payload);
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(await KeyAsync(session), body), Base64Url.DecodeFromChars(mac)))
            return null;
        var question = JsonSerializer.Deserialize<ElicitedQuestion>(Encoding.UTF8.GetString(body))!;
        if (question.ActorId != by.Id || question.PromotionId != promotionId || question.ArgumentsDigest != argumentsDigest || question.ExpiresMicros <= Times.Micros(session.Now))
            return null;
        return await session.UseNonceAsync(question.Nonce, question.ExpiresMicros) ? question : null;
    }

    private async ValueTask<byte[]> KeyAsync(RegistrySession session) =>
        _key ??= await session.FindSecretAsync(SecretName) ?? throw new InvalidOperationException("The registry has lost its request-state key.");
}
