using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>Signs messages as Standard Webhooks has it (symmetric, version 1), and MLflow after it: HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
internal static class WebhookSignature
{
    private const string Prefix = "whsec_";
    private const int SecretBytes = 32;

    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>What messages to a webhook are signed with: the bytes that a secret made here stands for, or the text that an MLflow client chose.</summary>
    public static byte[] Key(StoredEndpoint webhook) => webhook.IsMlflow ? Encoding.UTF8.GetBytes(webhook.Secret) : Convert.FromBase64String(webhook.Secret[Prefix.Length..]);

    /// <param name="timestamp">When this attempt is sent: seconds since 1970.</param>
    /// <returns>The value of <c>webhook-signature</c>, which is that of <c>X-MLflow-Signature</c> too.</returns>
    public static string Sign(byte[] key, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }
}
