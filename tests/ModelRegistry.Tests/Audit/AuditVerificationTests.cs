using System.Text;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class AuditVerificationTests
{
    private const int Size = 12;

    /// <summary>Twelve entries as a store would hold them.</summary>
    private static List<StoredEntry> Log(int size = Size) => [.. Enumerable.Range(1, size).Select(position =>
    {
        var entry = AuditEntryTests.Sample($"aud_{position}").Seal(AuditEntryTests.Salts());
        return new StoredEntry(position, entry.Leaf, entry.LeafHash, entry.Erasable);
    })];

    private static Frontier Tree(IEnumerable<StoredEntry> log) => log.Aggregate(Frontier.Empty, (tree, entry) => tree.Append(entry.LeafHash));

    private static StoredHead Head(IEnumerable<StoredEntry> log) => Head(Tree(log));

    private static StoredHead Head(Frontier tree) => new(tree.Size, tree.Root(), tree.ToBytes());

    private static SignedHead Signed(int size, string label = "database") => new(label, size, Tree(Log(Size).Take(size)).Root());

    private static AuditReport Verify(IEnumerable<StoredEntry> log, StoredHead? head, params SignedHead[] checkpoints)
    {
        var verification = new AuditVerification(checkpoints, head);
        foreach (var entry in log)
            verification.Add(entry);
        return verification.Report();
    }

    private static (string Kind, long? Position)[] Found(AuditReport report) => [.. report.Findings.Select(f => (f.Kind, f.Position))];

    /// <summary>Another entry, with its proper hash: what someone with the whole database in hand would write.</summary>
    private static StoredEntry Rewritten(StoredEntry entry)
    {
        var other = AuditEntryTests.Sample("aud_forged").Seal(AuditEntryTests.Salts());
        return entry with { Leaf = other.Leaf, LeafHash = other.LeafHash, Erasable = other.Erasable };
    }

    [Fact]
    public void A_sound_log_has_no_findings()
    {
        var report = Verify(Log(), Head(Log()), Signed(0), Signed(4), Signed(12), Signed(12, "checkpoint.txt"));

        Assert.True(report.Sound);
        Assert.Null(report.First);
        Assert.Equal((Size, Tree(Log()).Root(), 0L, 0L), (report.Entries, report.Root, report.Erased, report.Unlisted));
    }

    [Fact]
    public void An_empty_log_is_sound() =>
        Assert.True(Verify([], Head([]), Signed(0)).Sound);

    [Fact]
    public void A_log_without_head_or_checkpoints_is_held_to_its_own_hashes()
    {
        Assert.True(Verify(Log(), null).Sound);
        var log = Log();
        log[3] = log[3] with { Leaf = log[4].Leaf };
        Assert.Equal([("altered", 4)], Found(Verify(log, null)));
    }

    [Fact]
    public void A_missing_entry_is_named()
    {
        var log = Log();
        log.RemoveAt(4);

        var report = Verify(log, Head(Log()), Signed(4), Signed(12));

        Assert.Equal([("missing", 5)], Found(report));
        Assert.Equal("Entry 5 is missing.", report.First!.Sentence);
        Assert.Null(report.Root);
    }

    [Fact]
    public void A_range_of_missing_entries_is_one_finding()
    {
        var log = Log();
        log.RemoveRange(0, 3);

        Assert.Equal("Entries 1 to 3 are missing.", Assert.Single(Verify(log, Head(Log()), Signed(12)).Findings).Sentence);
    }

    [Fact]
    public void An_altered_entry_is_named_and_does_not_taint_the_others()
    {
        var log = Log();
        log[6] = log[6] with { Leaf = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(log[6].Leaf).Replace("done", "gone", StringComparison.Ordinal)) };

        Assert.Equal([("altered", 7)], Found(Verify(log, Head(Log()), Signed(4), Signed(8), Signed(12))));
    }

    [Fact]
    public void A_stored_hash_that_was_changed_is_named()
    {
        var log = Log();
        log[6] = log[6] with { LeafHash = log[0].LeafHash };

        Assert.Equal(("altered", 7L), Found(Verify(log, Head(Log()), Signed(12)))[0]);
    }

    [Fact]
    public void A_cut_tail_is_named_by_a_checkpoint_kept_elsewhere()
    {
        var left = Log().Take(9).ToList();

        var report = Verify(left, Head(left), Signed(4), Signed(12, "checkpoint.txt"));

        Assert.Equal([("cut_off", 10)], Found(report));
        Assert.Equal("The log is cut off at entry 10: the checkpoint 'checkpoint.txt' knows 12 entries.", report.First!.Sentence);
    }

    [Fact]
    public void A_cut_tail_is_named_by_the_stored_head()
    {
        Assert.Equal([("cut_off", 10)], Found(Verify(Log().Take(9), Head(Log()))));
        Assert.Equal([("cut_off", 1)], Found(Verify([], Head(Log()), Signed(4))));
    }

    [Fact]
    public void A_consistent_rewrite_is_found_by_the_earliest_checkpoint_that_covers_it()
    {
        var log = Log();
        log[5] = Rewritten(log[5]);

        var report = Verify(log, Head(log), Signed(3), Signed(5, "five.txt"), Signed(8, "eight.txt"), Signed(10), Signed(12));

        Assert.Equal([("checkpoint_mismatch", 8)], Found(report));
        Assert.Equal("Entries were rewritten: the first 8 do not come to the root signed in the checkpoint 'eight.txt'. The first 5 do agree with theirs.", report.First!.Sentence);
    }

    [Fact]
    public void A_deletion_with_renumbering_is_found()
    {
        var log = Log();
        log.RemoveAt(2);
        log = [.. log.Select((entry, i) => entry with { Position = i + 1 })];

        Assert.Equal([("checkpoint_mismatch", 4), ("cut_off", 12)], Found(Verify(log, Head(log), Signed(2), Signed(4), Signed(12))));
    }

    [Fact]
    public void Two_entries_that_changed_places_are_found()
    {
        var log = Log();
        (log[1], log[2]) = (log[2] with { Position = 2 }, log[1] with { Position = 3 });

        Assert.Equal([("checkpoint_mismatch", 4)], Found(Verify(log, Head(log), Signed(4))));
    }

    [Fact]
    public void A_fork_of_the_log_is_named_by_every_checkpoint_of_that_size()
    {
        var forged = new SignedHead("fork.txt", 8, Digest.Of("another history"));

        Assert.Equal([("checkpoint_mismatch", 8)], Found(Verify(Log(), Head(Log()), Signed(4), Signed(8), forged, Signed(12))));
    }

    [Fact]
    public void A_position_that_comes_twice_is_named()
    {
        var log = Log();
        log.Insert(4, log[3]);

        Assert.Equal([("reordered", 4)], Found(Verify(log, Head(Log()), Signed(12))));
    }

    [Fact]
    public void A_position_out_of_order_is_named()
    {
        var log = Log();
        log.Reverse(3, 2);

        Assert.Equal([("missing", 4), ("reordered", 4)], Found(Verify(log, Head(Log()), Signed(12))));
    }

    [Fact]
    public void An_erasable_text_that_was_changed_is_named()
    {
        foreach (var i in Enumerable.Range(0, 3))
        {
            var log = Log();
            log[6] = log[6] with { Erasable = [.. log[6].Erasable.Select((t, n) => n == i ? t with { Text = t.Text + "!" } : t)] };
            var report = Verify(log, Head(Log()), Signed(12));
            Assert.Equal([("bad_erasable", 7)], Found(report));
            Assert.Contains(log[6].Erasable[i].Field, report.First!.Sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_salt_that_was_changed_or_a_text_that_was_added_is_named()
    {
        var log = Log();
        log[6] = log[6] with { Erasable = [log[6].Erasable[0] with { Salt = log[6].Erasable[1].Salt }] };
        log[8] = log[8] with { Erasable = [.. log[8].Erasable, new ErasableText("comment", new byte[16], "approved by everyone")] };

        Assert.Equal([("bad_erasable", 7), ("bad_erasable", 9)], Found(Verify(log, Head(Log()), Signed(12))));
    }

    [Fact]
    public void Erasing_leaves_the_log_sound_and_is_counted()
    {
        var log = Log();
        log[6] = log[6] with { Erasable = [] };
        log[7] = log[7] with { Erasable = [log[7].Erasable[0]] };

        var report = Verify(log, Head(Log()), Signed(12));

        Assert.True(report.Sound);
        Assert.Equal(5, report.Erased);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"schema":2,"erasable":{}}""")]
    [InlineData("""{"schema":1.5,"erasable":{}}""")]
    [InlineData("""{"schema":1,"schema":1,"erasable":{}}""")]
    [InlineData("""{"schema":1,"erasable":{"reason":"plain"}}""")]
    [InlineData("""{"schema":1,"erasable":{"reason":{"sha256":"short"}}}""")]
    public void An_entry_that_cannot_be_read_is_named(string leaf)
    {
        var bytes = Encoding.UTF8.GetBytes(leaf);
        var log = Log();
        log[6] = log[6] with { Leaf = bytes, LeafHash = MerkleTree.LeafHash(bytes) };

        Assert.Equal([("unreadable", 7)], Found(Verify(log, Head(log))));
    }

    [Fact]
    public void A_stored_head_that_does_not_fit_is_named()
    {
        var head = Head(Log());

        Assert.Equal([("unreadable", null)], Found(Verify(Log(), head with { Frontier = head.Frontier[..^1] })));
        Assert.Equal([("root_mismatch", null)], Found(Verify(Log(), head with { Frontier = Tree(Log(11)).ToBytes() })));
        Assert.Equal([("root_mismatch", 12)], Found(Verify(Log(), Head(Log(11)))));
        Assert.Equal([("root_mismatch", null)], Found(Verify(Log(), Head(Tree(Log(11)).Append(Digest.Of("other"))))));
    }

    [Fact]
    public void The_first_bad_entry_comes_first_whatever_found_it()
    {
        var log = Log();
        log[10] = log[10] with { Leaf = log[0].Leaf };
        log[1] = Rewritten(log[1]);

        var report = Verify(log, Head(log), Signed(4), Signed(12));

        Assert.Equal([("checkpoint_mismatch", 4), ("altered", 11)], Found(report));
    }

    [Fact]
    public void Findings_beyond_the_listed_are_counted()
    {
        var bad = Log()[0] with { Leaf = [] };
        var log = Enumerable.Range(1, 250).Select(position => bad with { Position = position });

        var report = Verify(log, null);

        Assert.Equal((AuditVerification.MaxListed, 150L), (report.Findings.Count, report.Unlisted));
    }
}
