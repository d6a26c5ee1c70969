using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>One thing somebody did, or tried to do, as the audit log tells it.</summary>
/// <param name="Verb">What was done: <c>promotion.request</c>, <c>version.register</c>, …</param>
/// <param name="SubjectType">What it was done to: <c>model</c>, <c>promotion</c>, …</param>
/// <param name="ModelId">The model concerned; null when none is.</param>
/// <param name="Facts">What the entry states for ever. Nothing personal belongs here.</param>
/// <param name="Erasable">Values that may have to be forgotten one day: the entry keeps a salted digest, the value stands beside it.</param>
public sealed record AuditAct(
    string Verb,
    string SubjectType,
    string SubjectId,
    string? ModelId = null,
    JsonObject? Facts = null,
    IReadOnlyDictionary<string, string>? Erasable = null)
{
    /// <summary>What somebody gave as their reason, as <see cref="Erasable"/> keeps it; null where they gave none.</summary>
    public static IReadOnlyDictionary<string, string>? Said(string? reason) => Said(("reason", reason));

    /// <summary>The same of several texts: those that say nothing are left out.</summary>
    public static IReadOnlyDictionary<string, string>? Said(params ReadOnlySpan<(string Field, string? Text)> texts)
    {
        var said = new Dictionary<string, string>();
        foreach (var (field, text) in texts)
            if (!string.IsNullOrWhiteSpace(text))
                said[field] = text.Trim();
        return said.Count == 0 ? null : said;
    }
}

/// <summary>What changed, for resource updates and long polls.</summary>
/// <param name="Kind">What sort of thing changed: <c>serving</c>, <c>promotion</c>, …</param>
/// <param name="Reference">Which one of its kind.</param>
public sealed record FeedChange(string Kind, string? ModelId, string? Reference);

/// <summary>
/// A decision worth writing down. <paramref name="Reply"/> may itself be a refusal (the promotion was marked expired
/// <em>and</em> the caller is refused): what was changed and the acts that tell of it are committed all the same.
/// </summary>
/// <param name="Acts">One audit entry each. Empty only when nothing was changed, as for a request repeated.</param>
public sealed record Written<T>(Outcome<T> Reply, IReadOnlyList<AuditAct> Acts, IReadOnlyList<FeedChange> Changes);
