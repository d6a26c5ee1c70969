using System.Reflection;
using System.Text.RegularExpressions;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests;

/// <summary>The table of every refusal, row by row.</summary>
public sealed partial class RefusalTableTests
{
    public static TheoryData<string> Rows => [.. RefusalRows.All.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_says_what_is_wrong_and_what_to_do(string row)
    {
        foreach (var refusal in Call(RefusalRows.All.Single(m => m.Name == row)))
        {
            Assert.Matches(SnakeCase(), refusal.Code);
            Assert.Matches(Sentence(), refusal.Message);
            Assert.Matches(Sentence(), refusal.Remedy);
            Assert.True(Enum.IsDefined(refusal.Kind));
            Assert.All(refusal.Fields ?? new Dictionary<string, string>(), f => Assert.True(f.Key.Length > 0 && f.Value.Length > 0));
            Assert.DoesNotMatch(Secret(), refusal.ToString());
            Assert.DoesNotContain("..", refusal.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_two_rows_share_a_code_unless_they_are_one_answer_to_one_question()
    {
        var shared = RefusalRows.All.SelectMany(Call).GroupBy(r => r.Code).Where(g => g.Select(r => r.Kind).Distinct().Count() > 1);
        Assert.Empty(shared.Select(g => g.Key));
        // A model without versions has not the one asked for; a bad argument is a bad argument.
        string[] alike = ["version_not_found", "invalid_arguments"];
        var codes = RefusalRows.All.Select(m => Call(m)[0].Code).Where(c => !alike.Contains(c)).ToList();
        Assert.Equal(codes.Distinct(), codes);
    }

    [Fact]
    public void What_a_caller_wrote_is_shown_without_what_cannot_be_seen()
    {
        const string evil = "pay\u202Eload\u200B\u0007\u001b[31m";
        var messages = RefusalRows.All.OfType<MethodInfo>().SelectMany(m => Call(m, evil)).Select(r => r.ToString()).ToList();
        var raw = messages.Where(m => m.Any(c => c is '\u202E' or '\u200B' or '\u0007' or '\u001b')).ToList();
        Assert.True(raw.Count == 0, string.Join("\n", raw));
    }

    private static IReadOnlyList<Refusal> Call(MemberInfo row) => RefusalRows.Call(row, p => Argument(p, "thing"));

    private static IReadOnlyList<Refusal> Call(MemberInfo row, string text) => RefusalRows.Call(row, p => Argument(p, text));

    // What ends as a sentence of its own comes from the registry itself.
    private static object? Argument(ParameterInfo parameter, string text) =>
        parameter.ParameterType != typeof(string) ? RefusalRows.Of(parameter, text)
        : parameter.Name is "why" or "hint" ? "It is so."
        : parameter.Name is "remedy" ? "Do it."
        : parameter.Name is "problem" && text == "thing" ? Problem(parameter)
        : text;

    private static string Problem(ParameterInfo parameter) => parameter.Member.Name == nameof(Refusals.MetadataInvalid) ? "It is so." : "it is so";

    [GeneratedRegex(@"\A[a-z]+(_[a-z]+)*\z")]
    private static partial Regex SnakeCase();

    [GeneratedRegex(@"\A\P{Ll}[\s\S]*[.?)]\z|\A(field|thing|[a-z_]+ '|[a-z_]+:)[\s\S]*\.\z|\A'[\s\S]*\.\z")]
    private static partial Regex Sentence();

    [GeneratedRegex("mrt_|-----BEGIN|password=|correct horse", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
