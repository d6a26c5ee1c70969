using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>Profiles that were cut, scrambled and spliced: a policy or a refusal comes of them, never anything else.</summary>
public sealed class PolicyReaderFuzzTests
{
    private static readonly string[] Tokens =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "0", "-1", "1e999", "1e-999", "9007199254740993", "\"\"", "\"\\ud800\"", "\"production\"", "\"approvals\"", "\"stages\"", "[]", "{}", "//", "\n", "\0", "\u202e", "\ud800"];

    private static readonly Gen<Func<string, string>> Mutation = Gen.OneOf(
        // Cut off.
        Gen.Choose(0, 1000).Select<int, Func<string, string>>(at => text => text[..(text.Length * at / 1000)]),
        // A piece taken out.
        Gen.Choose(0, 1000).Zip(Gen.Choose(1, 40)).Select<(int, int), Func<string, string>>(p => text => Splice(text, p.Item1, p.Item2, "")),
        // A token put in, or in place of something.
        Gen.Choose(0, 1000).Zip(Gen.Choose(0, 12)).Zip(Gen.Elements(Tokens)).Select<((int, int), string), Func<string, string>>(p => text => Splice(text, p.Item1.Item1, p.Item1.Item2, p.Item2)),
        // A bit flipped.
        Gen.Choose(0, 1000).Zip(Gen.Choose(0, 15)).Select<(int, int), Func<string, string>>(p => text => text.Length == 0 ? text : Flip(text, Math.Min(text.Length - 1, text.Length * p.Item1 / 1000), p.Item2)),
        // Two of its own words swapped.
        Gen.Choose(0, 1000).Zip(Gen.Choose(0, 1000)).Select<(int, int), Func<string, string>>(p => text => Swap(text, p.Item1, p.Item2)));

    private static string Splice(string text, int at, int removed, string put)
    {
        var start = text.Length * at / 1000;
        return text[..start] + put + text[Math.Min(text.Length, start + removed)..];
    }

    private static string Flip(string text, int at, int bit) => text[..at] + (char)(text[at] ^ (1 << bit)) + text[(at + 1)..];

    private static string Swap(string text, int one, int other)
    {
        var words = text.Split('"');
        var (a, b) = ((words.Length - 1) * one / 1000, (words.Length - 1) * other / 1000);
        (words[a], words[b]) = (words[b], words[a]);
        return string.Join('"', words);
    }

    [Fact]
    public void A_mutated_profile_is_a_policy_or_a_refusal()
    {
        var profiles = Gen.Elements("open", "local", "team", "regulated").Select(n => PolicyProfiles.Find(n)!);
        var cases = from profile in profiles from mutations in Gen.ArrayOf(Mutation, 1).Or(Gen.ArrayOf(Mutation, 3)) select mutations.Aggregate(profile, (text, m) => m(text));
        Prop.ForAll(cases.ToArbitrary(), IsPolicyOrRefusal).Check(Config.QuickThrowOnFailure.WithMaxTest(4000));
    }

    [Fact]
    public void A_heap_of_tokens_is_a_policy_or_a_refusal() =>
        Prop.ForAll(Gen.Elements(Tokens).ArrayOf().Select(string.Concat).ToArbitrary(), IsPolicyOrRefusal).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    /// <summary>Values of every kind in every place of a valid file.</summary>
    [Theory]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("-1e308")]
    [InlineData("true")]
    [InlineData("\"x\"")]
    [InlineData("\"\"")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("{}")]
    [InlineData("{\"x\": {}}")]
    [InlineData("[[1], {\"rule\": 3}]")]
    public void Any_value_in_any_place_is_a_policy_or_a_refusal(string value)
    {
        foreach (var name in PolicyProfiles.Names)
        {
            var profile = PolicyProfiles.Find(name)!;
            for (var colon = profile.IndexOf(':'); colon >= 0; colon = profile.IndexOf(':', colon + 1))
                Assert.True(IsPolicyOrRefusal(profile[..(colon + 1)] + value + profile[EndOfValue(profile, colon + 1)..]));
        }
    }

    private static int EndOfValue(string text, int at)
    {
        for (var depth = 0; at < text.Length; at++)
        {
            if (depth == 0 && text[at] is (',' or '}' or ']'))
                return at;
            depth += text[at] switch { '{' or '[' => 1, '}' or ']' => -1, _ => 0 };
        }
        return at;
    }

    private static bool IsPolicyOrRefusal(string text)
    {
        var outcome = PolicyReader.Parse(text);
        if (outcome.Refusal is { } refusal)
            return refusal is { Kind: RefusalKind.Invalid, Code: "policy_invalid", Fields.Count: > 0 } && refusal.Fields.Values.All(e => e.StartsWith("line ", StringComparison.Ordinal) || e.StartsWith("and ", StringComparison.Ordinal));
        var policy = outcome.Value;
        // Whatever passes is whole: it has a digest, a ladder, no empty quorum, and governs something unless it is open.
        return policy.Digest.Hex.Length == 64 && policy.StageNames.Count >= 2
            && policy.Promotions.Values.Select(r => r.Approvals).Concat(policy.Rollbacks.Values.Select(r => r.Approvals)).All(a => a.Count > 0 && a.All(s => s.Count > 0))
            && (policy.Name == "open" || policy.Promotions.Count > 0)
            && Encoding.UTF8.GetByteCount(policy.Name) == policy.Name.Length;
    }
}
