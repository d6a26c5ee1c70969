using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Cards keep what they said before.</summary>
public sealed partial class MetadataDesk
{
    /// <summary>The most edits of one card that are kept, which are all that there can be.</summary>
    internal const int MostCardEdits = 1_000;

    /// <summary>The card that an edit asks for; null when it asks for none.</summary>
    private static async ValueTask<Outcome<string?>> CardAsync(RegistrySession session, string modelId, string? versionId, MetadataEdit edit, string was)
    {
        var text = edit.Card;
        if (edit.CardFrom is { } from)
        {
            if (text is not null)
                return Refusals.InvalidArgument("card_from", "must be left out where a card is given");
            if ((text = await session.CardTextAsync(modelId, versionId, from)) is null)
                return Refusals.CardEditNotFound(from);
        }
        if (text is null || text == was)
            return text;
        if (text.Length <= MetadataLimits.Card && CardReader.Refuse(text) is { } unreadable)
            return unreadable;
        return await session.CardEditCountAsync(modelId, versionId) >= MostCardEdits ? Refusals.CardHistoryFull(MostCardEdits) : text;
    }

    /// <summary>Keeps an edit, and before the first one what the card said until then; gives what its author should look at.</summary>
    private static async ValueTask<IReadOnlyList<string>> KeepCardAsync(RegistrySession session, string modelId, string? versionId, string was, string now, Actor by)
    {
        if (was.Length > 0 && await session.CardEditCountAsync(modelId, versionId) == 0)
            await session.KeepCardAsync(modelId, versionId, was, null, null);
        return await KeepCardAsync(session, modelId, versionId, now, by);
    }

    internal static async ValueTask<IReadOnlyList<string>> KeepCardAsync(RegistrySession session, string modelId, string? versionId, string text, Actor by)
    {
        await session.KeepCardAsync(modelId, versionId, text, new ActorRef(by.Id, by.Name), session.Now);
        return Warnings(text);
    }

    /// <summary>What is wrong with a card, a sentence each.</summary>
    internal static IReadOnlyList<string> Warnings(string text) =>
        [.. CardReader.Read(text).Problems.Select(p => $"card{(p.Line > 0 ? $", line {p.Line}" : "")}: {p.Field} {p.What}. {p.Remedy}")];
}
