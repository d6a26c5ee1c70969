using System.Security.Cryptography;
using System.Text;

namespace ModelRegistry.Domain;

/// <summary>What a passkey signed: one word about one statement.</summary>
/// <param name="Word"><c>approve</c>, <c>reject</c>, …: a signature under one is worth nothing for another.</param>
/// <param name="Statement">SHA-256 of the statement's canonical JSON.</param>
public sealed record SignedDecision(string Word, Digest Statement);

/// <summary>
/// The challenge that a passkey signs to decide. It names the decision and the statement, so that the signature is of that
/// decision on that statement and of nothing else:
/// <c>SHA256("model-registry/approval/v1\0" ‖ decision ‖ 0x00 ‖ nonce ‖ SHA256(statement))</c>.
/// </summary>
public static class ApprovalChallenge
{
    /// <summary>Length of a nonce in bytes. Fixed, so that no other split of the same bytes means something else.</summary>
    public const int NonceBytes = 32;

    /// <returns>32 bytes.</returns>
    public static byte[] Of(SignedDecision decision, ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length != NonceBytes)
            throw new ArgumentException($"A nonce has {NonceBytes} bytes.", nameof(nonce));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("model-registry/approval/v1\0"u8);
        hash.AppendData(Encoding.ASCII.GetBytes(decision.Word));
        hash.AppendData([0]);
        hash.AppendData(nonce);
        hash.AppendData(Convert.FromHexString(decision.Statement.Hex));
        return hash.GetHashAndReset();
    }
}
