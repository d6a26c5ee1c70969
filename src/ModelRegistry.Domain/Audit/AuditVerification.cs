using System.Globalization;

namespace ModelRegistry.Domain.Audit;

/// <summary>An entry as the store gives it back.</summary>
/// <param name="Position">Counted from 1, without gaps; the index in the tree is one less.</param>
/// <param name="Erasable">The rows that are still there.</param>
public sealed record StoredEntry(long Position, byte[] Leaf, Digest LeafHash, IReadOnlyList<ErasableText> Erasable);

/// <summary>The tree head as the store gives it back.</summary>
/// <param name="Frontier">What <see cref="Audit.Frontier.ToBytes"/> wrote.</param>
public sealed record StoredHead(long Size, Digest Root, byte[] Frontier);

/// <summary>A checkpoint whose signature was found good.</summary>
/// <param name="Label">Where it was kept: <c>database</c>, a file's name …</param>
public sealed record SignedHead(string Label, long Size, Digest Root);

/// <summary>
/// Recomputes a log from its entries and holds it against everything that was said about it: the hash stored with each
/// entry, the stored head, and signed checkpoints. Feed the entries in order of position, then ask for the report.
/// </summary>
/// <remarks>
/// What each comparison can show. Stored hashes find the careless hand and name the entry. Whoever rewrites an entry
/// with its hash and the head is found by the first checkpoint that covers it. Whoever cuts the tail off is found by a
/// checkpoint, kept elsewhere, that is larger than what is left. Whoever holds the signing key and every checkpoint is
/// not found.
/// <para>Memory: one frontier, the checkpoints, and at most <see cref="MaxListed"/> findings about entries.</para>
/// </remarks>
public sealed class AuditVerification
{
    /// <summary>How many findings about single entries are listed; the rest are counted.</summary>
    public const int MaxListed = 100;

    private readonly List<AuditFinding> _findings = [];
    private readonly SignedHead[] _checkpoints;
    private readonly StoredHead? _head;

    // The tree of the stored leaf hashes. Each is held against its entry's bytes, so nothing unproven enters a sound
    // report, and one altered entry does not make all that follows it look altered too. Null once a gap undoes it.
    private Frontier? _tree = Frontier.Empty;
    private long _entries, _erased, _unlisted;
    private long _next = 1;

    // Checkpoints before this one were compared; the largest size that agreed; the earliest that did not.
    private int _checkpoint;
    private long _agreed, _disagreed = long.MaxValue;

    /// <param name="head">The stored head; null where there is none to compare, as in an exported log.</param>
    public AuditVerification(IEnumerable<SignedHead> checkpoints, StoredHead? head)
    {
        _checkpoints = [.. checkpoints.OrderBy(c => c.Size)];
        _head = head;
        CompareCheckpoints();
    }

    /// <summary>Takes the next entry.</summary>
    public void Add(StoredEntry entry)
    {
        _entries++;
        if (entry.Position < _next)
        {
            List(AuditFinding.Reordered, entry.Position, $"Entry {entry.Position} comes twice or out of order, after entry {_next - 1}.");
            return;
        }
        if (entry.Position > _next)
        {
            _tree = null;
            List(AuditFinding.Missing, _next, entry.Position == _next + 1
                ? $"Entry {_next} is missing."
                : $"Entries {_next} to {entry.Position - 1} are missing.");
        }
        _next = entry.Position + 1;
        CheckContent(entry);
        _tree = _tree?.Append(entry.LeafHash);
        CompareCheckpoints();
    }

    /// <summary>What the entries added so far come to, taken as the whole log.</summary>
    public AuditReport Report()
    {
        IEnumerable<AuditFinding> all = [.. _findings, .. CutOffs(), .. Head()];
        return new AuditReport(_entries, _tree?.Root(), _erased, [.. all.OrderBy(f => f.Position ?? long.MaxValue)], _unlisted);
    }

    private void CheckContent(StoredEntry entry)
    {
        if (MerkleTree.LeafHash(entry.Leaf) != entry.LeafHash)
        {
            List(AuditFinding.Altered, entry.Position, $"Entry {entry.Position} was altered: its bytes do not have the hash stored with them.");
            return;
        }
        if (AuditLeaf.ReadErasable(entry.Leaf) is not { } expected)
        {
            List(AuditFinding.Unreadable, entry.Position, $"Entry {entry.Position} is not an audit entry this version can read.");
            return;
        }
        foreach (var text in entry.Erasable)
            if (!expected.TryGetValue(text.Field, out var digest))
                List(AuditFinding.BadErasable, entry.Position, $"Entry {entry.Position} never had the text '{text.Field}' that is kept beside it.");
            else if (text.Digest != digest)
                List(AuditFinding.BadErasable, entry.Position, $"The text '{text.Field}' beside entry {entry.Position} is not the one it was made with.");
        _erased += expected.Keys.Except(entry.Erasable.Select(t => t.Field)).LongCount();
    }

    /// <summary>Compares the checkpoints of the size just reached. One rewritten entry changes every later root, so only the earliest counts.</summary>
    private void CompareCheckpoints()
    {
        for (; _tree is not null && _checkpoint < _checkpoints.Length && _checkpoints[_checkpoint].Size <= _tree.Size; _checkpoint++)
        {
            var (label, size, root) = _checkpoints[_checkpoint];
            if (size == _tree.Size && root == _tree.Root())
                _agreed = size;
            else if (size <= _disagreed)
            {
                _disagreed = size;
                _findings.Add(new AuditFinding(AuditFinding.CheckpointMismatch, size, size <= 0
                    ? $"The checkpoint '{label}' of size {size} has a root no log can have."
                    : $"Entries were rewritten: the first {size} do not come to the root signed in the checkpoint '{label}'. {(_agreed > 0 ? $"The first {_agreed} do agree with theirs." : "No smaller checkpoint agrees.")}"));
            }
        }
    }

    private IEnumerable<AuditFinding> CutOffs()
    {
        if (_checkpoints is [.., var largest] && largest.Size >= _next)
            yield return CutOff(largest.Size, $"the checkpoint '{largest.Label}'");
        else if (_head?.Size >= _next)
            yield return CutOff(_head.Size, "the stored tree head");

        AuditFinding CutOff(long size, string witness) => new(AuditFinding.CutOff, _next,
            string.Create(CultureInfo.InvariantCulture, $"The log is cut off at entry {_next}: {witness} knows {size} entries."));
    }

    private IEnumerable<AuditFinding> Head()
    {
        if (_head is null)
            yield break;
        Frontier? frontier = null;
        try
        {
            frontier = Frontier.FromBytes(_head.Frontier);
        }
        catch (FormatException)
        {
            // Named below; a yield cannot stand in a catch.
        }
        if (frontier is null)
            yield return new AuditFinding(AuditFinding.Unreadable, null, "The stored frontier cannot be read.");
        else if (frontier.Size != _head.Size || frontier.Root() != _head.Root)
            yield return new AuditFinding(AuditFinding.RootMismatch, null, "The stored frontier does not come to the stored size and root.");

        // A head larger than the log is a cut tail, and a gap leaves no root to compare: both are named already.
        if (_tree is null || _head.Size > _tree.Size)
            yield break;
        if (_head.Size < _tree.Size)
            yield return new AuditFinding(AuditFinding.RootMismatch, _head.Size + 1, $"The stored tree head ends at entry {_head.Size}; entry {_head.Size + 1} was added without it.");
        else if (_head.Root != _tree.Root())
            yield return new AuditFinding(AuditFinding.RootMismatch, null, "The entries do not come to the stored root.");
    }

    private void List(string kind, long position, string sentence)
    {
        if (_findings.Count < MaxListed)
            _findings.Add(new AuditFinding(kind, position, sentence));
        else
            _unlisted++;
    }
}
