using System.Text;

namespace ModelRegistry.Domain.Audit;

/// <summary>An entry ready to be appended.</summary>
/// <param name="Leaf">The bytes the tree is made of, at most <see cref="AuditLeaf.MaxBytes"/>.</param>
/// <param name="LeafHash">Their RFC 6962 leaf hash.</param>
/// <param name="Erasable">The texts the leaf only knows by digest, one row each, to be stored beside it.</param>
public sealed record SealedEntry(byte[] Leaf, Digest LeafHash, IReadOnlyList<ErasableText> Erasable);

/// <summary>
/// A text that stands in a leaf only as <c>SHA-256(salt ‖ UTF-8 text)</c>. Erasing is deleting this row, text and salt:
/// the tree stays whole, and without the salt not even a guessed text can be confirmed.
/// </summary>
/// <param name="Field">Its name within the entry.</param>
/// <param name="Salt">16 random bytes.</param>
public sealed record ErasableText(string Field, byte[] Salt, string Text)
{
    public const int SaltBytes = 16;

    /// <summary>
    /// Makes the row. What not every database can keep as text (lone surrogates, U+0000) becomes U+FFFD before it is
    /// hashed, so that what is read back is what was hashed.
    /// </summary>
    internal static ErasableText Of(string field, byte[] salt, string text) => salt.Length == SaltBytes
        ? new ErasableText(field, salt, WellFormed(text).Replace('\0', '\uFFFD'))
        : throw new ArgumentException($"A salt has {SaltBytes} bytes.", nameof(salt));

    /// <summary>What the leaf holds in place of the text.</summary>
    public Digest Digest => Domain.Digest.Of([.. Salt, .. Encoding.UTF8.GetBytes(Text)]);

    /// <summary>The text with every lone surrogate replaced by U+FFFD, so that it has UTF-8.</summary>
    internal static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
