using System.Text;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

/// <summary>What is wrong with a policy file, and on which line the reader says it is.</summary>
public sealed class PolicyErrorTests
{
    /// <summary>A valid file with one member per line; a case replaces one of its lines.</summary>
    private static readonly string[] Valid =
    [
        "{",                                                            // 1
        "  \"name\": \"house\",",                                       // 2
        "  \"stages\": [\"dev\", \"test\", \"production\", \"old\"],",  // 3
        "  \"governed_aliases\": {\"champion\": \"production\"},",      // 4
        "  \"better\": {\"loss\": \"lower\"},",                         // 5
        "  \"targets\": {\"eu\": {\"stage\": \"production\"}},",        // 6
        "  \"promotions\": {\"production\": {",                         // 7
        "    \"from\": [\"test\"],",                                    // 8
        "    \"approvals\": 1,",                                        // 9
        "    \"assurance\": \"signed\",",                               // 10
        "    \"four_eyes\": true,",                                     // 11
        "    \"pending_hours\": 24,",                                   // 12
        "    \"on_replace\": \"old\",",                                 // 13
        "    \"gates\": [{\"rule\": \"scan_clean\"}]}},",               // 14
        "  \"rollback\": {\"production\": {\"approvals\": 1}},",        // 15
        "  \"waivers\": [],",                                           // 16
        "  \"break_glass\": {\"persons\": []}",                         // 17
        "}",                                                            // 18
    ];

    private static IReadOnlyList<string> ErrorsOf(string json) =>
        PolicyReader.Parse(json).Refusal is { Code: "policy_invalid" } refusal ? [.. refusal.Fields!.Values] : [];

    [Fact]
    public void The_file_that_the_cases_break_is_valid() => Assert.Empty(ErrorsOf(string.Join('\n', Valid)));

    [Theory]
    [InlineData(2, "  \"name\": \"\",", 2, "name must be a text")]
    [InlineData(2, "  \"name\": 7,", 2, "name must be a text")]
    [InlineData(2, "  \"name\": \"tеam\",", 2, "name must be a letter or digit")]
    [InlineData(2, "", 1, "needs \"name\"")]
    [InlineData(2, "  \"name\": \"a\", \"naem\":\n \"b\",", 2, "naem is unknown")]
    [InlineData(2, "  \"name\": \"a\",\n  \"name\": \"b\",", 3, "name is given twice")]
    [InlineData(2, "  \"name\": \"a\", // house", 2, "'/' is an invalid")]
    [InlineData(2, "  \"name\": \"\\ud800\",", 2, "not valid Unicode")]
    [InlineData(2, "  \"name\": \"a\", \"\\udfff\": 1,", 2, "not valid Unicode")]
    [InlineData(3, "  \"stages\": [],", 3, "at least two stages")]
    [InlineData(3, "  \"stages\": \"dev\",", 3, "stages must be a list")]
    [InlineData(3, "  \"stages\": [\"dev\",\n\"test\",\n\"test\",\"production\",\"old\"],", 5, "stages[2] names 'test' twice")]
    [InlineData(3, "  \"stages\": [\"Dev\",\"test\",\"production\",\"old\"],", 3, "stages[0] 'Dev' is not a lower-case word")]
    [InlineData(4, "  \"governed_aliases\": {\"champion\": \"prod\"},", 4, "'prod' is not one of the stages")]
    [InlineData(4, "  \"governed_aliases\": {\"best\": \"test\"},", 7, "must say what 'test' takes")]
    [InlineData(4, "  \"governed_aliases\": {\"latest\": \"production\"},", 4, "governed_aliases.latest is not a possible alias")]
    [InlineData(4, "  \"governed_aliases\": {\"@champion\": \"production\"},", 4, "is not a possible alias")]
    [InlineData(4, "  \"governed_aliases\": {\"a\": \"production\", \"A\": \"production\"},", 4, "is given twice")]
    [InlineData(5, "  \"better\": {\"loss\": \"down\"},", 5, "better.loss must be one of higher, lower")]
    [InlineData(5, "  \"better\": {\"loss\": 1},", 5, "better.loss must be one of higher, lower")]
    [InlineData(5, "  \"better\": [],", 5, "better must be an object")]
    [InlineData(6, "  \"targets\": {\"eu\": {}},", 6, "targets.eu needs \"stage\"")]
    [InlineData(6, "  \"targets\": {\"eu\": \"production\"},", 6, "targets.eu must be an object")]
    [InlineData(6, "  \"targets\": {\"eu\": {\"stage\": \"test\"},\n \"EU\": {\"stage\": \"production\"}},", 7, "targets.EU is given twice")]
    [InlineData(6, "  \"targets\": {\"е\": {\"stage\": \"test\"}},", 6, "is not a possible name of a target")]
    [InlineData(7, "  \"promotions\": {\"live\": {\"approvals\": 1}, \"production\": {", 7, "promotions.live is not one of the stages")]
    [InlineData(7, "  \"promotions\": {\"test\": 1, \"production\": {", 7, "promotions.test must be an object")]
    [InlineData(8, "    \"from\": [\"test\", \"nowhere\"],", 8, "from[1] 'nowhere' is not one of the stages")]
    [InlineData(9, "    \"approvals\": 0,", 9, "a quorum is never empty")]
    [InlineData(9, "    \"approvals\": 1.5,", 9, "a whole number from 1 to 20")]
    [InlineData(9, "    \"approvals\": -1,", 9, "a whole number from 1 to 20")]
    [InlineData(9, "    \"approvals\": 1e400,", 9, "a number that a double cannot hold")]
    [InlineData(9, "    \"approvals\": [],", 9, "that is not empty")]
    [InlineData(9, "    \"approvals\": true,", 9, "must be a number of approvers or a list")]
    [InlineData(9, "    \"approvals\": [1],", 9, "approvals[0] must be an object")]
    [InlineData(9, "    \"approvals\": [{\"role\": \"approver\", \"count\": 0}],", 9, "a quorum is never empty")]
    [InlineData(9, "    \"approvals\": [{\"role\": \"registrar\"}],", 9, "which machines can carry")]
    [InlineData(9, "    \"approvals\": [{\"role\": \"proposer\"}],", 9, "which machines can carry")]
    [InlineData(9, "    \"approvals\": [{\"role\": \"Approver\"}],", 9, "not a lower-case word")]
    [InlineData(9, "    \"approvals\": [{\"role\": \"risk\"},\n{\"role\": \"risk\"}],", 10, "names the role 'risk' twice")]
    [InlineData(9, "", 7, "promotions.production needs \"approvals\"")]
    [InlineData(10, "    \"assurance\": \"none\",", 10, "must be one of attested, authenticated, signed")]
    [InlineData(10, "    \"assurance\": \"2\",", 10, "must be one of attested, authenticated, signed")]
    [InlineData(10, "    \"assurance\": \"attested, signed\",", 10, "must be one of")]
    [InlineData(11, "    \"four_eyes\": \"true\",", 11, "four_eyes must be true or false")]
    [InlineData(11, "    \"four_eye\": true,", 11, "four_eye is unknown")]
    [InlineData(12, "    \"pending_hours\": 0,", 12, "must be a number from 0.01 to 2160")]
    [InlineData(12, "    \"pending_hours\": \"24\",", 12, "must be a number from 0.01 to 2160")]
    [InlineData(12, "    \"apply_hours\": 1e9,", 12, "must be a number from 0.01 to 168")]
    [InlineData(13, "    \"on_replace\": \"production\",", 13, "which is governed itself")]
    [InlineData(13, "    \"on_replace\": \"attic\",", 13, "'attic' is not one of the stages")]
    [InlineData(14, "    \"gates\": {}}},", 14, "gates must be a list")]
    [InlineData(14, "    \"gates\": [7]}},", 14, "needs \"rule\"")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"scan_cleen\"}]}},", 14, "unknown rule 'scan_cleen'")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"from_stage\", \"stages\": [\"dev\"]}]}},", 14, "unknown rule 'from_stage'")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"metric_min\", \"metric\": \"a\"}]}},", 14, "needs \"value\"")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"metric_min\", \"metric\": \"a\", \"value\": 9007199254740993}]}},", 14, "that a double cannot hold")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"no_regression\", \"metric\": \"a\", \"tolerance\": -1}]}},", 14, "must be a number of at least 0")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"requires\", \"fields\": []}]}},", 14, "must not be empty")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"requires\", \"fields\": [\"datset\"]}]}},", 14, "'datset' is no metadata field")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"format_in\"}]}},", 14, "needs \"formats\"")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"soak_hours\", \"stage\": \"lab\", \"hours\": 1}]}},", 14, "'lab' is not one of the stages")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"freeze\", \"windows\": [{\"from\": \"2026-02-30\", \"to\": \"2026-03-01\"}]}]}},", 14, "as a day such as")]
    [InlineData(14, "    \"gates\": [{\"rule\": \"freeze\", \"windows\": [{\"from\": \"2026-03-02\", \"to\": \"2026-03-01\"}]}]}},", 14, "ends before it begins")]
    [InlineData(15, "  \"rollback\": {\"production\": {\"approvals\": 0}},", 15, "a quorum is never empty")]
    [InlineData(15, "  \"rollback\": {\"production\": {}},", 15, "needs \"approvals\"")]
    [InlineData(15, "  \"rollback\": {\"test\": {\"approvals\": 1}},", 15, "rollback.test is not a governed stage")]
    [InlineData(15, "  \"rollback\": {\"production\": {\"approvals\": 1, \"gates\": []}},", 15, "gates is unknown")]
    [InlineData(16, "  \"waivers\": [{\"rule\": \"scan_clean\", \"model\": \"m\", \"version\": \"v1\", \"reason\": \"r\", \"expires\": \"soon\"}],", 16, "needs a time such as")]
    [InlineData(16, "  \"waivers\": [{\"rule\": \"scan_clean\", \"model\": \"m\", \"version\": \"v1\", \"reason\": \"r\", \"expires\": \"12:00\"}],", 16, "needs a time such as")]
    [InlineData(16, "  \"waivers\": [{\"rule\": \"scan_clean\", \"model\": \"m\", \"version\": \"v1\", \"reason\": \" \", \"expires\": \"2027-01-01\"}],", 16, "reason must be a text")]
    [InlineData(16, "  \"waivers\": [{\"rule\": \"content_verified\", \"model\": \"m\", \"version\": \"v1\", \"reason\": \"r\", \"expires\": \"2027-01-01\"}],", 16, "cannot be waived")]
    [InlineData(17, "  \"break_glass\": {\"persons\": \"anna\"}", 17, "persons must be a list")]
    [InlineData(17, "  \"break_glass\": {\"agents\": []}", 17, "agents is unknown")]
    [InlineData(17, "  \"break_glass\": null", 17, "break_glass must be an object")]
    [InlineData(17, "  \"break_glass\": {\"persons\": []},", 18, "trailing comma")]
    [InlineData(18, "", 18, "an open JSON object or array that should be closed")]
    [InlineData(18, "} {}", 18, "after a single JSON value")]
    [InlineData(18, "}\n\ngarbage", 20, "after a single JSON value")]
    public void Each_error_names_its_line(int replaced, string by, int line, string problem)
    {
        var errors = ErrorsOf(string.Join('\n', Valid.Select((text, i) => i == replaced - 1 ? by : text)));

        Assert.Contains(errors, e => e.StartsWith($"line {line}: ", StringComparison.Ordinal) && e.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "line 1: ")]
    [InlineData("\n\n  ", "line 3: ")]
    [InlineData("null", "line 1: a policy is a JSON object")]
    [InlineData("\n[]", "line 2: a policy is a JSON object")]
    [InlineData("\"open\"", "line 1: a policy is a JSON object")]
    [InlineData("open", "line 1: ")]
    public void What_is_no_object_is_no_policy(string json, string error) => Assert.StartsWith(error, Assert.Single(ErrorsOf(json)));

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Assert.Contains("depth", Assert.Single(ErrorsOf("{\"name\": " + string.Concat(Enumerable.Repeat("[", 100_000)))));

    [Fact]
    public void Errors_come_in_the_order_of_the_file_and_never_in_heaps()
    {
        var json = new StringBuilder("{\"name\": \"open\"");
        for (var i = 0; i < 10_000; i++)
            json.Append(",\n\"key").Append(i).Append("\": 1");
        var errors = ErrorsOf(json.Append('}').ToString());

        Assert.Equal((51, "and 9950 more"), (errors.Count, errors[^1]));
        Assert.StartsWith("line 2: key0 ", errors[0]);
        Assert.StartsWith("line 51: key49 ", errors[49]);
    }

    [Fact]
    public void What_a_file_says_reaches_a_terminal_without_invisible_characters()
    {
        var error = Assert.Single(ErrorsOf("{\"name\": \"open\", \"\\u001b]0;owned\\u0007\\u202e" + new string('k', 10_000) + "\": 1}"));

        Assert.All(error, c => Assert.True(c is >= ' ' and <= '~' or '…'));
        Assert.StartsWith("line 1: \\u{001B}]0;owned\\u{0007}\\u{202E}kkk", error);
        Assert.InRange(error.Length, 1, 700);
    }
}
