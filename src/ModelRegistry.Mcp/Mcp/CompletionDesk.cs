using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Completes what somebody types into an argument of a prompt or a variable of a resource template.</summary>
internal sealed class CompletionDesk(RequestDoor door, PromptDesk prompts)
{
    /// <summary>The most values of one answer (Completion).</summary>
    private const int Most = 100;

    // Of a model with very many versions, those that complete a text are looked for among the newest.
    private const int PagesOfVersions = 10;

    public ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> context, CancellationToken cancel)
    {
        var (name, typed) = (context.Params?.Argument?.Name, context.Params?.Argument?.Value ?? "");
        var (suggestion, model) = context.Params?.Ref switch
        {
            PromptReference prompt when prompts.For(context).FirstOrDefault(p => p.Name == prompt.Name) is { } found => (found.Inputs.FirstOrDefault(i => i.Argument.Name == name)?.Suggestion ?? Suggestion.None, "model_name"),
            ResourceTemplateReference template when ResourceDesk.Templates.Any(t => t.UriTemplate == template.Uri) => (Of(template.Uri!, name), "name"),
            // What is not here has nothing to offer. Typing goes on, so it is no error: whoever uses the reference is told.
            _ => (Suggestion.None, ""),
        };
        if (suggestion == Suggestion.None || typed.Length > 256)
            return new(Answer([], more: false));
        return door.AnswerAsync(context, "completion/complete", async caller => suggestion switch
        {
            Suggestion.Model => await ModelsAsync(caller, typed, cancel),
            Suggestion.Version => await VersionsAsync(caller, context.Params!.Context?.Arguments?.TryGetValue(model, out var named) == true ? named : "", typed, cancel),
            Suggestion.Stage => await StagesAsync(caller, typed, cancel),
            _ => await PromotionsAsync(caller, typed, cancel),
        }, cancel);
    }

    private static Suggestion Of(string template, string? variable) =>
        !template.Contains($"{{{variable}}}", StringComparison.Ordinal) ? Suggestion.None : variable == "name" ? Suggestion.Model : Suggestion.Version;

    private static async Task<CompleteResult> ModelsAsync(ToolCaller caller, string typed, CancellationToken cancel)
    {
        var names = Kept(await caller.Registry.Catalog.NamesAsync(caller.By, typed, Most, cancel));
        return Answer(names?.Names ?? [], names?.More == true);
    }

    private static async Task<CompleteResult> VersionsAsync(ToolCaller caller, string model, string typed, CancellationToken cancel)
    {
        var (found, cursor) = (new List<string>(), (string?)null);
        for (var page = 0; page < PagesOfVersions && found.Count <= Most; page++)
        {
            if (Kept(await caller.Registry.Catalog.ListVersionsAsync(caller.By, new VersionQuery(model, null, 100, cursor), cancel)) is not { } versions)
                break;
            found.AddRange(versions.Items.Select(v => v.Version).Where(label => Begins(label, typed) || (label is ['v', .. var number] && Begins(number, typed))));
            if ((cursor = versions.NextCursor) is null)
                break;
        }
        return Answer(found, cursor is not null);
    }

    private static async Task<CompleteResult> StagesAsync(ToolCaller caller, string typed, CancellationToken cancel)
    {
        var policy = (await caller.Registry.Policies.ShowAsync(caller.By, cancel)).Then(p => PolicyBook.Check(p.Json));
        return Answer([.. (Kept(policy)?.StageNames ?? []).Where(stage => Begins(stage, typed))], more: false);
    }

    /// <summary>What waits comes first, then the newest others.</summary>
    private static async Task<CompleteResult> PromotionsAsync(ToolCaller caller, string typed, CancellationToken cancel)
    {
        var pending = Kept(await caller.Registry.Promotions.ListAsync(caller.By, new PromotionQuery("pending", null, Most, null), cancel));
        var all = Kept(await caller.Registry.Promotions.ListAsync(caller.By, new PromotionQuery(null, null, Most, null), cancel));
        var ids = (pending?.Items ?? []).Concat(all?.Items ?? []).Select(p => p.PromotionId).OfType<string>().Distinct().Where(id => Begins(id, typed));
        return Answer([.. ids], all?.NextCursor is not null);
    }

    /// <summary>Whoever types is not told why there is nothing to suggest: the request that follows says it.</summary>
    private static T? Kept<T>(Outcome<T> outcome) where T : class => outcome.Match<T?>(value => value, _ => null);

    private static bool Begins(string value, string typed) => value.StartsWith(typed, StringComparison.OrdinalIgnoreCase);

    /// <summary>The number of all is given where they have been counted.</summary>
    private static CompleteResult Answer(IReadOnlyList<string> values, bool more) => new()
    {
        Completion = new Completion { Values = [.. values.Take(Most)], HasMore = more || values.Count > Most, Total = more ? null : values.Count },
    };
}
