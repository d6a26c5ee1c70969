using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Notices;

/// <summary>A mail, in plain text: what happened, its ids, and a link to the page. Nothing in it approves anything, nor does an answer to it.</summary>
internal sealed record MailText(string Subject, string Body)
{
    private const int LongestValue = 200;

    private static readonly Dictionary<string, string> Sentences = new()
    {
        [NoticeKinds.Requested] = "A promotion waits for your decision.",
        [NoticeKinds.RollbackRequested] = "A rollback waits for your decision.",
        [NoticeKinds.Revised] = "A promotion changed; it waits for your decision anew.",
        ["promotion.applied"] = "A promotion was applied.",
        ["rollback.applied"] = "A rollback was applied.",
        ["promotion.rejected"] = "A promotion was rejected.",
        ["promotion.withdrawn"] = "A promotion was withdrawn.",
        ["promotion.expired"] = "A promotion expired.",
        ["promotion.superseded"] = "A promotion was superseded.",
        ["promotion.revoked"] = "An approval was revoked before it was applied.",
        ["promotion.failed"] = "An approved promotion could not be applied.",
        ["person.enrolled"] = "A person was enrolled.",
        ["person.disabled"] = "A person was disabled.",
        ["key.enrolled"] = "A passkey was enrolled.",
        ["key.revoked"] = "A passkey was revoked.",
        ["passphrase.changed"] = "A passphrase was changed.",
        ["token.created"] = "A token was made.",
        ["token.revoked"] = "A token was revoked.",
        ["policy.accepted"] = "Another policy is in force.",
        ["glass.broken"] = "A promotion went past its approvals: the glass was broken.",
        ["glass.reviewed"] = "A promotion that went past its approvals was reviewed.",
        ["webhook.requested"] = "A webhook waits for an admin to confirm where it leads.",
        ["webhook.added"] = "A webhook was added.",
        ["webhook.removed"] = "A webhook was removed.",
        ["webhook.disabled"] = "A webhook ended: its receiver says it is gone.",
    };

    public static MailText Of(Notice notice)
    {
        var sentence = Sentences.GetValueOrDefault(notice.Kind) ?? "Something happened in the model registry.";
        var about = string.Join(" ", notice.Facts.Where(f => f.Label is "Model" or "Version" or "To").Select(f => f.Label == "To" ? $"to {Line(f.Value)}" : Line(f.Value)));
        var subject = about.Length == 0 ? $"Model registry: {sentence}" : $"Model registry: {about}. {sentence}";

        var body = new StringBuilder(sentence).Append("\n\n");
        foreach (var (label, value) in notice.Facts)
            body.Append("  ").Append((label + ':').PadRight(12)).Append(Line(value)).Append('\n');
        body.Append("  ").Append("At:".PadRight(12)).Append(Times.Text(notice.At)).Append('\n');
        body.Append("  ").Append("Event:".PadRight(12)).Append(notice.Kind).Append(' ').Append(notice.Id).Append('\n');
        if (notice.Link is not null)
            body.Append(NoticeKinds.Asks(notice.Kind) ? "\nLook at it, and decide, here:\n" : "\nLook at it here:\n").Append(notice.Link).Append('\n');
        else if (notice.PromotionId is { } id && NoticeKinds.Asks(notice.Kind))
            body.Append($"\nDecide on a terminal: modelregistry approve {id}, or: reject\n");
        body.Append("\nThis message approves nothing, and answers to it are not read.\n");
        return new MailText(subject, body.ToString());
    }

    /// <summary>A value as one line of printable ASCII: it can begin no header, no line of its own, and hide nothing.</summary>
    public static string Line(string value) => new([.. value.Take(LongestValue).Select(c => c is >= ' ' and <= '~' ? c : '?')]);
}
