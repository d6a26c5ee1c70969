using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Policies;

/// <summary>What a policy would meet if it came into force now: what cannot work, and what will happen.</summary>
internal static class PolicyEffects
{
    private const int MostModels = 10;

    /// <summary>Versions that would stand in no stage, and what serves a stage that could serve no more.</summary>
    public static async ValueTask<Refusal?> ProblemAsync(RegistrySession session, PromotionPolicy after)
    {
        var uses = new List<string>();
        foreach (var (stage, versions, serving) in await session.StagesInUseAsync())
            if (!after.StageNames.Contains(stage))
                uses.Add($"{Count(versions, "version")} stand in '{stage}', which it does not have");
            else if (serving > 0 && !StageMoves.Serves(after, stage))
                uses.Add($"'{stage}' serves {Count(serving, "model")}, and as the first stage it would serve none");
        return uses.Count == 0 ? null : Refusals.PolicyStageInUse(uses);
    }

    public static async ValueTask<IReadOnlyList<string>> WordsAsync(RegistrySession session, PromotionPolicy before, PromotionPolicy after)
    {
        var words = new List<string>();
        await AliasesAsync(session, before, after, words);
        foreach (var (stage, _, serving) in await session.StagesInUseAsync())
            if (serving > 0 && before.Governs(stage) != after.Governs(stage))
                words.Add(after.Governs(stage)
                    ? $"{stage} serves {Count(serving, "model")}: what serves stays, and moving it takes an approval from now on."
                    : $"{stage} serves {Count(serving, "model")}: anybody who may propose moves it from now on.");
        var waiting = await session.LiveByStageAsync();
        foreach (var (stage, count) in waiting.Where(w => !after.StageNames.Contains(w.Stage)))
            words.Add($"{Count(count, "promotion")} to '{stage}' will be superseded: there is no such stage any more.");
        if (waiting.Where(w => after.StageNames.Contains(w.Stage)).Sum(w => w.Count) is > 0 and var live)
            words.Add($"{Count(live, "promotion")} wait{(live == 1 ? "s" : "")}: judged by the stricter of both policies.");
        Persons(after, await session.PersonsAsync(), words);
        return words;
    }

    private static async ValueTask AliasesAsync(RegistrySession session, PromotionPolicy before, PromotionPolicy after, List<string> words)
    {
        foreach (var (alias, stage) in after.GovernedAliases.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            if (before.GovernedAliases.TryGetValue(alias, out var was) && was == stage)
                continue;
            var apart = await session.AliasesApartAsync(alias, stage, MostModels + 1);
            foreach (var (model, points, serves) in apart.Take(MostModels))
                words.Add(serves is null ? $"@{alias} is taken from '{model}' ({points}): nothing serves {stage} there."
                    : points is null ? $"@{alias} of '{model}' will be {serves}, which serves {stage}."
                    : $"@{alias} of '{model}' moves from {points} to {serves}, which serves {stage}.");
            if (apart.Count > MostModels)
                words.Add($"@{alias} changes on further models.");
        }
    }

    private static void Persons(PromotionPolicy after, IReadOnlyList<StoredActor> persons, List<string> words)
    {
        var able = persons.Where(p => p.DisabledAt is null).ToList();
        foreach (var (stage, rule) in after.Promotions)
            foreach (var asked in rule.Approvals)
                if (able.Count(p => p.Roles.Contains(asked.Role) && p.Roles.Contains(Permissions.Approver)) is var there && there < asked.Count)
                    words.Add($"{stage} takes {Count(asked.Count, asked.Role)}, and there {(there == 1 ? "is" : "are")} {there}: nothing enters it until others are added (person add).");
        if (able.Count(p => p.Roles.Contains(Permissions.Admin)) is var admins && admins < after.Change.Admins)
            words.Add($"Changing the policy will take {Count(after.Change.Admins, "admin")}, and there {(admins == 1 ? "is" : "are")} {admins}: add others (person add), or it stays as it is.");
        foreach (var listed in after.BreakGlass.Where(l => !able.Any(p => p.Id == l || string.Equals(p.Name, l, StringComparison.OrdinalIgnoreCase))))
            words.Add($"break_glass lists '{listed}', who is no person here.");
    }

    private static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
