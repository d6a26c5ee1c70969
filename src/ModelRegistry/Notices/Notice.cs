using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Notices;

/// <summary>One event, ready to be told: what a webhook gets, and what a mail is made of.</summary>
/// <param name="Id">The audit entry's, the same for every receiver and at every attempt: by it a message that came twice is known.</param>
/// <param name="Data">Ids, names of models, versions and stages, and states. No text that somebody wrote freely, no secret, nothing that approves.</param>
/// <param name="Facts">What a mail shows beside it: pairs of a label and a value, names of persons among them.</param>
/// <param name="Link">The page to look at; null where there are no pages.</param>
/// <param name="PromotionId">The promotion it is about; null when it is about none.</param>
/// <param name="Persons">The ids of the persons who are told by mail.</param>
internal sealed record Notice(long Position, string Id, DateTimeOffset At, string Kind, JsonObject Data, IReadOnlyList<(string Label, string Value)> Facts, string? Link, string? PromotionId, IReadOnlySet<string> Persons)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.Default };

    private byte[]? _body;

    /// <summary>The message as it is sent and signed: <c>{"type", "timestamp", "data"}</c>.</summary>
    public byte[] Body => _body ??= JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["type"] = Kind,
        ["timestamp"] = At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
        ["data"] = Data.DeepClone(),
    }, Plain);

    /// <summary>What <c>webhook test</c> sends.</summary>
    public static Notice Test(string id, DateTimeOffset now) => new(0, id, now, "webhook.test", [], [], null, null, new HashSet<string>());
}

/// <summary>How an attempt ended.</summary>
internal enum Answer
{
    Taken,
    /// <summary>Not now; it is tried again.</summary>
    Failed,
    /// <summary>Never: the receiver will not take this one, and says so for good.</summary>
    Refused,
    /// <summary>Nothing more at all: the endpoint ends.</summary>
    Gone,
}

/// <param name="Why">In a few words, for the log and the audit entry: nothing the receiver wrote.</param>
/// <param name="Rest">How long the receiver asks to be left alone.</param>
internal sealed record Sent(Answer Answer, string Why, TimeSpan? Rest = null);
