using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelRegistry.Mcp.Cli;
using Serilog.Events;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>Lines of the log.</summary>
public class LoggingTests
{
    [Fact]
    public void A_json_line_is_one_object_with_its_ids()
    {
        var line = JsonNode.Parse(Logged(json: true, log =>
        {
            using var id = CliRun.Note("promotion_id", "prm_1");
            using var scope = log.BeginScope(new Dictionary<string, object> { ["request_id"] = "req_1" });
            log.LogWarning(new InvalidOperationException("no\nnewline"), "{Verb} took {Count} steps.", "promote", 3);
        }))!;
        Assert.Equal(("warning", "promote took 3 steps.", "prm_1", "req_1", 3), ((string?)line["level"], (string?)line["message"], (string?)line["promotion_id"], (string?)line["request_id"], (int?)line["Count"]));
        Assert.Contains("InvalidOperationException", (string?)line["exception"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_line_is_one_line_with_its_ids_whatever_is_in_it()
    {
        var text = Logged(json: false, log =>
        {
            using var id = CliRun.Note("promotion_id", "prm_1");
            log.LogWarning(new InvalidOperationException("no\nnewline"), "{What} came.", "a \u001b[31mred\r\nforged line");
        });
        Assert.Matches(@"\A\S+Z warning: a \[31mred forged line came\. promotion_id=prm_1 \(InvalidOperationException: no newline\)\n\z", text);
    }

    [Theory]
    [InlineData("token mrt_abcdefghijklmnop-_ABC given", "token mrt_*** given")]
    [InlineData("postgres://reg:s3cret@db:5432/x", "postgres://reg:***@db:5432/x")]
    [InlineData("Host=db;Password=s3cret;Database=x", "Host=db;Password=***;Database=x")]
    [InlineData("nothing to hide: a=b", "nothing to hide: a=b")]
    public void What_looks_like_a_secret_is_masked(string text, string masked)
    {
        Assert.Equal(masked, Logging.Mask(text));
        foreach (var json in new[] { true, false })
            Assert.DoesNotContain("s3cret", Logged(json, log => log.LogError(new InvalidOperationException(text), "{Text}", text)), StringComparison.Ordinal);
    }

    private static string Logged(bool json, Action<ILogger> write)
    {
        using var error = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using (var logs = Logging.Open(new LogSettings(LogEventLevel.Verbose, json), error))
            write(logs.CreateLogger("test"));
        return error.ToString();
    }
}
