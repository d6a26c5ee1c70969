using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Audit;
using Xunit;

namespace ModelRegistry.Tests.Audit;

public sealed class AuditEntryTests
{
    internal static AuditEntry Sample(string id = "aud_1") => new()
    {
        Id = id,
        At = new DateTimeOffset(2026, 1, 31, 10, 30, 0, TimeSpan.FromHours(1)).AddTicks(1_234_567),
        Verb = "promotion.requested",
        Outcome = AuditOutcome.Done,
        Actor = new AuditActor("act_7", "Grete", ActorKind.Agent, "act_1", "claude/2.1", "crd_9", "mcp-http"),
        Subject = new AuditSubject("promotion", "prm_3"),
        Model = "mdl_5",
        RequestId = "req_8",
        Facts = new JsonObject { ["to"] = "production", ["version"] = 2, ["gates"] = new JsonArray("format", "soak") },
        Erasable = new Dictionary<string, string> { ["reason"] = "beats v1 on every slice" },
    };

    /// <summary>Salts 00…00, 01…01 and so on.</summary>
    internal static Func<byte[]> Salts()
    {
        byte next = 0;
        return () => [.. Enumerable.Repeat(next++, ErasableText.SaltBytes)];
    }

    private static string LeafText(AuditEntry entry) => Encoding.UTF8.GetString(entry.Seal(Salts()).Leaf);

    /// <summary>Schema 1 can never change: the digest of every log ever written hangs on these bytes.</summary>
    [Fact]
    public void The_bytes_of_a_leaf_are_these_for_ever()
    {
        // Broken into lines for reading; the leaf is one line.
        var leaf = """
            {"actor":{"credential":"crd_9","door":"mcp-http","id":"act_7","kind":"agent","owner":"act_1"}
            ,"at":"2026-01-31T09:30:00.123456Z","erasable":
            {"actor.client":{"sha256":"91272f784de21b99f757e276d65edf5d8c7f25da1cc8c8b39e93a8338f426610"}
            ,"actor.name":{"sha256":"a2fee5a504865ebf401ce10da476a1fc4d22abc802766147b8bf1fd1376b2ace"}
            ,"reason":{"sha256":"a9c8c7d96a5e47cb9c3b57f7516b5ad8ba87caacacdb8a3ce83288497947d5b9"}}
            ,"facts":{"gates":["format","soak"],"to":"production","version":2},"id":"aud_1","model":"mdl_5","outcome":"done"
            ,"request":"req_8","schema":1,"subject":{"id":"prm_3","type":"promotion"},"verb":"promotion.requested"}
            """.ReplaceLineEndings("");

        var entry = Sample().Seal(Salts());

        Assert.Equal(leaf, Encoding.UTF8.GetString(entry.Leaf));
        Assert.Equal("14fb6b7e0c3e1a27c9ba69425a0e6f992bb4ec1d4c937a1911dcfebefa3bee0d", entry.LeafHash.Hex);
    }

    [Fact]
    public void What_there_is_none_of_is_null()
    {
        var bare = Sample() with
        {
            Outcome = AuditOutcome.Refused,
            Actor = new AuditActor("act_1", null, ActorKind.Person, null, null, null, "cli"),
            Model = null,
            RequestId = null,
            Facts = [],
            Erasable = new Dictionary<string, string>(),
        };

        Assert.Equal(
            """
            {"actor":{"credential":null,"door":"cli","id":"act_1","kind":"person","owner":null},"at":"2026-01-31T09:30:00.123456Z"
            ,"erasable":{},"facts":{},"id":"aud_1","model":null,"outcome":"refused","request":null,"schema":1
            ,"subject":{"id":"prm_3","type":"promotion"},"verb":"promotion.requested"}
            """.ReplaceLineEndings(""),
            LeafText(bare));
    }

    [Fact]
    public void The_actor_is_taken_from_the_caller()
    {
        var agent = new Actor("act_7", "Grete", ActorKind.Agent, [], [], new ActorRef("act_1", "Ada"), "claude/2.1", "crd_9", "mcp-http");

        Assert.Equal(Sample().Actor, AuditActor.Of(agent));
    }

    [Fact]
    public void No_erasable_text_is_in_the_leaf()
    {
        var leaf = LeafText(Sample());

        Assert.DoesNotContain("Grete", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("claude", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("beats", leaf, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_erasable_text_is_kept_beside_it_with_a_salt_of_its_own()
    {
        var entry = Sample().Seal(Salts());

        Assert.Equal([("actor.name", "Grete"), ("actor.client", "claude/2.1"), ("reason", "beats v1 on every slice")], entry.Erasable.Select(e => (e.Field, e.Text)));
        Assert.Equal(3, entry.Erasable.Select(e => Convert.ToHexString(e.Salt)).Distinct().Count());
        foreach (var text in entry.Erasable)
        {
            Assert.Equal(Digest.Of([.. text.Salt, .. Encoding.UTF8.GetBytes(text.Text)]), text.Digest);
            Assert.Contains($"\"{text.Field}\":{{\"sha256\":\"{text.Digest}\"}}", Encoding.UTF8.GetString(entry.Leaf), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_text_or_another_salt_gives_another_leaf()
    {
        var hashes = new[]
        {
            Sample().Seal(Salts()),
            Sample().Seal(() => new byte[ErasableText.SaltBytes]),
            (Sample() with { Erasable = new Dictionary<string, string> { ["reason"] = "beats v1 on every slice." } }).Seal(Salts()),
            (Sample() with { Actor = Sample().Actor with { Name = "grete" } }).Seal(Salts()),
            (Sample() with { Actor = Sample().Actor with { Client = "claude/2.2" } }).Seal(Salts()),
        }.Select(s => s.LeafHash);

        Assert.Equal(5, hashes.Distinct().Count());
    }

    [Fact]
    public void The_largest_facts_give_way_to_their_digests_and_the_others_stay()
    {
        var large = new string('x', 40_000);
        var facts = new JsonObject { ["a"] = large, ["b"] = large, ["small"] = "kept", ["c"] = new JsonArray(large[..100]) };

        var entry = (Sample() with { Facts = facts }).Seal(Salts());
        var written = CanonicalJson.Parse(Encoding.UTF8.GetString(entry.Leaf))!["facts"]!;

        Assert.True(entry.Leaf.Length <= AuditLeaf.MaxBytes);
        Assert.Equal($"{{\"bytes\":40002,\"sha256\":\"{Digest.Of($"\"{large}\"")}\",\"truncated\":true}}", CanonicalJson.Text(written["a"]));
        Assert.Equal(large, written["b"]!.GetValue<string>());
        Assert.Equal("kept", written["small"]!.GetValue<string>());
        Assert.Equal(large, facts["a"]!.GetValue<string>());
    }

    [Fact]
    public void Too_many_small_facts_give_way_together()
    {
        var facts = new JsonObject(Enumerable.Range(0, 10_000).Select(i => KeyValuePair.Create<string, JsonNode?>($"fact{i}", i)));

        var entry = (Sample() with { Facts = facts }).Seal(Salts());
        var written = CanonicalJson.Parse(Encoding.UTF8.GetString(entry.Leaf))!["facts"]!;

        Assert.Equal(CanonicalJson.Digest(facts).Hex, written["sha256"]!.GetValue<string>());
        Assert.True(written["truncated"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_leaf_of_exactly_the_largest_size_is_left_whole(int over)
    {
        var empty = (Sample() with { Facts = new JsonObject { ["x"] = "" } }).Seal(Salts()).Leaf.Length;

        var leaf = (Sample() with { Facts = new JsonObject { ["x"] = new string('x', AuditLeaf.MaxBytes - empty + over) } }).Seal(Salts()).Leaf;

        Assert.Equal(over == 0, leaf.Length == AuditLeaf.MaxBytes);
        Assert.Equal(over == 1, Encoding.UTF8.GetString(leaf).Contains("\"truncated\":true", StringComparison.Ordinal));
    }

    [Fact]
    public void The_worst_texts_a_caller_can_send_still_make_a_leaf()
    {
        var worst = new string('\u0001', 1_000_000);
        var entry = Sample() with
        {
            Id = worst[..512],
            Verb = worst[..512],
            Model = worst[..512],
            RequestId = worst,
            Actor = new AuditActor(worst[..512], worst, ActorKind.Service, worst[..512], worst, worst[..512], worst[..512]),
            Subject = new AuditSubject(worst[..512], worst[..512]),
            Facts = new JsonObject(Enumerable.Range(0, 500).Select(i => KeyValuePair.Create<string, JsonNode?>($"{i}", worst[..200]))),
            Erasable = Enumerable.Range(0, AuditEntry.MaxErasable).ToDictionary(i => $"{i}".PadLeft(64, 'f'), _ => worst),
        };

        Assert.True(entry.Seal(() => new byte[ErasableText.SaltBytes]).Leaf.Length <= AuditLeaf.MaxBytes);
        Assert.Equal(LeafText(entry), LeafText(entry));
    }

    [Fact]
    public void What_has_no_UTF8_or_no_place_in_a_database_is_replaced_before_it_is_hashed()
    {
        var odd = Sample() with { RequestId = "a\ud800b", Erasable = new Dictionary<string, string> { ["reason"] = "a\ud800b\0" } };

        var entry = odd.Seal(Salts());

        Assert.Equal("a\uFFFDb\uFFFD", entry.Erasable[^1].Text);
        Assert.Contains("\"request\":\"a\uFFFDb\"", Encoding.UTF8.GetString(entry.Leaf), StringComparison.Ordinal);
    }

    [Fact]
    public void A_salt_or_a_name_that_is_wrong_is_a_bug_and_says_so()
    {
        Assert.Throws<ArgumentException>(() => Sample().Seal(() => new byte[15]));
        foreach (var field in new[] { "", "actor.name", "Reason", "a b", new string('a', 65) })
            Assert.Throws<ArgumentException>(() => (Sample() with { Erasable = new Dictionary<string, string> { [field] = "x" } }).Seal(Salts()));
        Assert.Throws<ArgumentException>(() =>
            (Sample() with { Erasable = Enumerable.Range(0, AuditEntry.MaxErasable + 1).ToDictionary(i => $"f{i}", _ => "x") }).Seal(Salts()));
    }
}
