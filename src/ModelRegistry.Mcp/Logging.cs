using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Parsing;

namespace ModelRegistry.Mcp;

/// <summary>
/// The process's log: to stderr, never to stdout, one line per event. Scopes and <c>LogContext</c> put ids on every line
/// that has them (<c>request_id</c>, <c>promotion_id</c>). What looks like a secret is masked at this last door too.
/// </summary>
internal static partial class Logging
{
    // Characters.
    private const int LongestText = 1_000, LongestTrace = 16_000;

    /// <summary>The factory that everything logs through; disposing of it flushes.</summary>
    public static ILoggerFactory Open(LogSettings settings, TextWriter error) => new SerilogLoggerFactory(
        new LoggerConfiguration().MinimumLevel.Is(settings.Level).Enrich.FromLogContext()
            // What a client is told it did wrong is no fault of this process; the SDK logs it as one.
            .Filter.ByExcluding(e => e.Exception is McpProtocolException && settings.Level > LogEventLevel.Debug)
            // Nor is that a client asks for what does not exist, or leaves: whoever wants to fill a log could do nothing simpler.
            .Filter.ByExcluding(e => e.Level == LogEventLevel.Warning && settings.Level == LogEventLevel.Warning && IsOfProtocol(e))
            .WriteTo.Sink(new LineSink(settings.Json ? new JsonLine() : new TextLine(), error)).CreateLogger(), dispose: true);

    private static bool IsOfProtocol(LogEvent e) =>
        e.Properties.GetValueOrDefault("SourceContext") is ScalarValue { Value: string source } && source.StartsWith("ModelContextProtocol", StringComparison.Ordinal);

    /// <summary>Text of others has no end; a line has.</summary>
    private static string Cut(string text, int most) => text.Length <= most ? text : $"{text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)]}…";

    /// <summary>Takes out bearer tokens of the registry, what makes an address a credential, and passwords in addresses and connection strings.</summary>
    public static string Mask(string text) => Seal().Replace(Password().Replace(UserInfo().Replace(Token().Replace(text, "mrt_***"), "$1***@"), "$1***"), "$1***");

    [GeneratedRegex(@"([?&]seal=)[A-Za-z0-9_-]+")]
    private static partial Regex Seal();

    [GeneratedRegex(@"mrt_[A-Za-z0-9_-]{8,}")]
    private static partial Regex Token();

    [GeneratedRegex(@"(://[^/\s:@]*:)[^@\s/]+@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"((?:password|pwd|passphrase|secret)\s*=\s*)[^;\s""]+", RegexOptions.IgnoreCase)]
    private static partial Regex Password();

    private sealed class LineSink(ITextFormatter formatter, TextWriter error) : ILogEventSink
    {
        private readonly Lock _turn = new();

        public void Emit(LogEvent logEvent)
        {
            using var line = new StringWriter(CultureInfo.InvariantCulture);
            formatter.Format(logEvent, line);
            lock (_turn)
                error.WriteLine(line.ToString());
        }
    }

    private sealed class TextLine : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output)
        {
            var line = new StringBuilder($"{logEvent.Timestamp.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {Word(logEvent.Level)}: {Message(logEvent)}");
            foreach (var (name, value) in Ids(logEvent))
                line.Append(CultureInfo.InvariantCulture, $" {name}={value}");
            if (logEvent.Exception is { } e)
                line.Append(CultureInfo.InvariantCulture, $" ({e.GetType().Name}: {Cut(e.Message, LongestText)})");
            output.Write(VisibleText.Line(Mask(line.ToString())));
        }
    }

    private sealed class JsonLine : ITextFormatter
    {
        private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        public void Format(LogEvent logEvent, TextWriter output)
        {
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes, Relaxed))
            {
                json.WriteStartObject();
                json.WriteString("time", logEvent.Timestamp.UtcDateTime);
                json.WriteString("level", Word(logEvent.Level));
                json.WriteString("message", Mask(Message(logEvent)));
                foreach (var (name, value) in logEvent.Properties.Where(p => p.Key is not ("time" or "level" or "message" or "exception")))
                    Write(json, name, value);
                if (logEvent.Exception is { } e)
                    json.WriteString("exception", Mask(Cut(e.ToString(), LongestTrace)));
                json.WriteEndObject();
            }
            output.Write(VisibleText.Json(Encoding.UTF8.GetString(bytes.ToArray())));
        }

        private static void Write(Utf8JsonWriter json, string name, LogEventPropertyValue value)
        {
            switch (value)
            {
                case ScalarValue { Value: bool b }:
                    json.WriteBoolean(name, b);
                    break;
                case ScalarValue { Value: int or long or short or byte } number:
                    json.WriteNumber(name, Convert.ToInt64(number.Value, CultureInfo.InvariantCulture));
                    break;
                case ScalarValue { Value: double d } when double.IsFinite(d):
                    json.WriteNumber(name, d);
                    break;
                case ScalarValue { Value: var scalar }:
                    json.WriteString(name, Mask(Cut(Convert.ToString(scalar, CultureInfo.InvariantCulture) ?? "", LongestText)));
                    break;
                default:
                    json.WriteString(name, Mask(Cut(value.ToString(null, CultureInfo.InvariantCulture), LongestText)));
                    break;
            }
        }
    }

    // Texts stand in a sentence without quotation marks.
    private static string Message(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var token in logEvent.MessageTemplate.Tokens)
            if (token is PropertyToken property && logEvent.Properties.GetValueOrDefault(property.PropertyName) is ScalarValue { Value: string value })
                text.Write(Cut(value, LongestText));
            else
                token.Render(logEvent.Properties, text, CultureInfo.InvariantCulture);
        return text.ToString();
    }

    private static IEnumerable<(string Name, string Value)> Ids(LogEvent logEvent) =>
        from p in logEvent.Properties where p.Key.EndsWith("_id", StringComparison.Ordinal) && p.Value is ScalarValue orderby p.Key select (p.Key, ((ScalarValue)p.Value).Value?.ToString() ?? "");

    private static string Word(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "trace",
        LogEventLevel.Fatal => "critical",
        _ => level.ToString().ToLowerInvariant(),
    };
}
