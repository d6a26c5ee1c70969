using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>One event, ready to be told: what a webhook gets, and what a mail is made of.</summary>
/// <param name="Id">The audit entry's, the same for every receiver and at every attempt: by it a message that came twice is known.</param>
/// <param name="Kind">Its kind; empty where there is nothing to tell of it but in MLflow's words.</param>
/// <param name="Data">Ids, names of models, versions and stages, and states. No text that somebody wrote freely, no secret, nothing that approves.</param>
/// <param name="Facts">What a mail shows beside it: pairs of a label and a value, names of persons among them.</param>
/// <param name="Link">The page to look at; null where there are no pages.</param>
/// <param name="PromotionId">The promotion it is about; null when it is about none.</param>
/// <param name="Persons">The ids of the persons who are told by mail.</param>
/// <param name="Mlflow">The same in MLflow's words: for one entry there may be several.</param>
internal sealed record Notice(long Position, string Id, DateTimeOffset At, string Kind, JsonObject Data, IReadOnlyList<(string Label, string Value)> Facts, string? Link, string? PromotionId, IReadOnlySet<string> Persons, IReadOnlyList<MlflowChange> Mlflow)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.Default };

    private NoticeMessage? _message;

    /// <summary>Characters of what somebody wrote freely, which may be many.</summary>
    public long Length => Mlflow.Sum(m => (long)m.Data.Length);

    /// <summary>What <c>webhook test</c> sends.</summary>
    public static Notice Test(string id, DateTimeOffset now, IReadOnlyList<MlflowChange> mlflow) => new(0, id, now, "webhook.test", [], [], null, null, new HashSet<string>(), mlflow);

    /// <summary>Whether a webhook has subscribed to it.</summary>
    public bool IsFor(StoredEndpoint webhook) => webhook.IsMlflow ? Mlflow.Any(m => webhook.Events.Contains(m.Event)) : Kind.Length > 0 && (webhook.Events.Count == 0 || webhook.Events.Contains(Kind));

    /// <summary>The messages that a webhook gets: in MLflow's words one for each change it has subscribed to, else one.</summary>
    public IReadOnlyList<NoticeMessage> For(StoredEndpoint webhook) => webhook.IsMlflow
        ? [.. Mlflow.Index().Where(m => webhook.Events.Contains(m.Item.Event)).Select(m => m.Item.Message(string.Create(CultureInfo.InvariantCulture, $"{Id}.{m.Index}"), At))]
        : [_message ??= Standard()];

    /// <summary>As Standard Webhooks has it: <c>{"type", "timestamp", "data"}</c>.</summary>
    private NoticeMessage Standard() => new(Kind, Id, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = Kind, ["timestamp"] = Time(At), ["data"] = Data.DeepClone() }, Plain));

    internal static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}

/// <summary>A message as it is sent and signed.</summary>
/// <param name="Event">Its kind.</param>
/// <param name="Id">The same at every attempt.</param>
internal sealed record NoticeMessage(string Event, string Id, byte[] Body);

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
/// <param name="Status">The receiver's status, where it answered in HTTP.</param>
internal sealed record Sent(Answer Answer, string Why, TimeSpan? Rest = null, int? Status = null);
