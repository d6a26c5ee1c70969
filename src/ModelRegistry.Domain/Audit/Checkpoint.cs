using System.Globalization;
using System.Security.Cryptography;

namespace ModelRegistry.Domain.Audit;

/// <summary>
/// What a log says of itself at one moment: this many entries, this root. Written as C2SP <c>tlog-checkpoint</c> and
/// signed as a <see cref="SignedNote"/> by the key named like the log.
/// </summary>
/// <remarks>
/// <code>
/// registry.example/audit            ← origin
/// 20852163                          ← size
/// CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
/// </code>
/// </remarks>
/// <param name="Origin">The log's name; where it signs, also the name of its key.</param>
/// <param name="Size">The number of entries.</param>
/// <param name="Root">The root of the tree of that size.</param>
public sealed record Checkpoint(string Origin, long Size, Digest Root)
{
    /// <summary>The three lines that get signed.</summary>
    public string ToNoteText() =>
        $"{Origin}\n{Size.ToString(CultureInfo.InvariantCulture)}\n{Convert.ToBase64String(Root.ToBytes())}\n";

    /// <summary>The checkpoint as a signed note.</summary>
    /// <exception cref="ArgumentException">Origin, size, root or key is not one a checkpoint can have.</exception>
    public string Sign(ECDsa key) => TryParse(ToNoteText(), out var same) && same == this
        ? SignedNote.Sign(ToNoteText(), Origin, key)
        : throw new ArgumentException("A checkpoint has an origin of one line, a size of 0 or more and a root of 32 bytes.");

    /// <summary>Reads a signed checkpoint of this log; whatever is refused proves nothing.</summary>
    public static Outcome<Checkpoint> Open(string note, string origin, ECDsa publicKey) =>
        SignedNote.Verify(note, origin, publicKey).Then<Checkpoint>(text =>
            !TryParse(text, out var checkpoint) ? Refusals.CheckpointMalformed($"'{(text.Length <= 200 ? text : text[..200] + "…")}'.")
            : checkpoint.Origin != origin ? Refusals.CheckpointForeign(checkpoint.Origin, origin)
            : checkpoint);

    /// <summary>
    /// Reads the text of a checkpoint: three lines or more, none empty; a size without leading zeros; a root of 32
    /// bytes. Further lines are extensions, which mean nothing here and which this registry never writes.
    /// </summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (text.Split('\n') is not [var origin, var decimals, var encoded, .. var extensions, ""]
            || origin.Length == 0 || extensions.Contains(""))
            return false;
        if (!long.TryParse(decimals, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || decimals != size.ToString(CultureInfo.InvariantCulture))
            return false;
        if (!StrictBase64.TryDecode(encoded, out var root) || root.Length != SHA256.HashSizeInBytes)
            return false;
        checkpoint = new Checkpoint(origin, size, Digest.FromHash(root));
        return true;
    }
}
