using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Listing promotions, and how they are shown.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>Promotions, newest first.</summary>
    public async Task<Outcome<Page<PromotionView>>> ListAsync(Actor by, PromotionQuery query, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (States(query.Status) is not { } states)
            return Refusals.InvalidArgument("status", $"one of live, {string.Join(", ", Enum.GetNames<PromotionState>().Select(n => n.ToLowerInvariant()))}");
        if (Cursor.Limit(query.Limit).Refusal is { } tooMany)
            return tooMany;
        if (query.Cursor is not null && Cursor.Read(query.Cursor, 1) is null)
            return Refusals.CursorInvalid;
        return await _db.ReadAsync<Outcome<Page<PromotionView>>>(async session =>
        {
            RegisteredModel? model = null;
            if (query.ModelName is not null && (model = await session.FindModelAsync(query.ModelName)) is null)
                return Refusals.ModelNotFound(query.ModelName, await session.NearestModelNameAsync(query.ModelName));
            string? versionId = null;
            if (query.Version is not null)
            {
                if (model is null)
                    return Refusals.InvalidArgument("version", "a version of the model that is named beside it");
                var version = await session.ResolveVersionAsync(model, query.Version);
                if (version.Refusal is { } unknown)
                    return unknown;
                versionId = version.Value.Id;
            }
            var rows = await session.PromotionsAsync(states, model?.Id, versionId, query.Cursor is null ? null : Cursor.Read(query.Cursor, 1)![0], query.Limit + 1);
            var views = new List<PromotionView>();
            foreach (var row in rows.Take(query.Limit))
                views.Add(await ViewAsync(session, row));
            return new Page<PromotionView>(views, rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Promotion.Id) : null);
        }, cancel);
    }

    public async Task<Outcome<PromotionView>> GetAsync(Actor by, string promotionId, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await WithPagesAsync(_db.ReadAsync<Outcome<PromotionView>>(async session =>
            await session.FindPromotionAsync(promotionId) is { } stored ? await WholeAsync(session, stored) : Refusals.PromotionNotFound(promotionId), cancel), cancel);
    }

    /// <summary>The promotion once it is decided, or as it stands when that takes longer.</summary>
    /// <param name="most">How long to wait for it.</param>
    public async Task<Outcome<PromotionView>> WaitAsync(Actor by, string promotionId, TimeSpan most, CancellationToken cancel = default)
    {
        using var patience = new CancellationTokenSource(most, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        while (true)
        {
            var last = await _changes.LastAsync(cancel);
            var seen = await GetAsync(by, promotionId, cancel);
            if (seen.Refusal is not null || seen.Value.Status is not ("pending" or "approved") || patience.IsCancellationRequested)
                return seen;
            try
            {
                await _changes.WaitAsync(last, either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Looked at once more: it may have been decided, or have expired, in this very moment.
            }
        }
    }

    private static IReadOnlyList<PromotionState>? States(string? word) => word?.Trim().ToLowerInvariant() switch
    {
        null or "" or "all" => [],
        "live" or "open" => [PromotionState.Pending, PromotionState.Approved],
        var name => Enum.TryParse<PromotionState>(name, ignoreCase: true, out var state) && name.All(char.IsAsciiLetter) ? [state] : null,
    };

    private async ValueTask<PromotionView> ViewAsync(RegistrySession session, StoredPromotion stored)
    {
        var policy = await _policies.GetAsync(session);
        var statement = stored.Promotion.Statement;
        var effective = stored.Promotion.Requirement.Approvals.Count == 0 ? null
            : stored.Promotion.Requirement.Under(policy, statement.Move);
        return View(stored.Promotion, stored.VersionNumber, effective, await ApproversAsync(session, stored.Promotion), session.Now);
    }

    private async ValueTask<PromotionView> WholeAsync(RegistrySession session, StoredPromotion stored) =>
        await WithTargetsAsync(session, await _policies.GetAsync(session), stored.Promotion, await session.FindVersionAsync(stored.Promotion.Statement.VersionId), await ViewAsync(session, stored));

    private async ValueTask<PromotionView> ViewAsync(RegistrySession session, PromotionCase it) =>
        await WithTargetsAsync(session, it.Policy, it.Promotion, it.Version, View(it.Promotion, it.VersionNumber, it.Effective, await ApproversAsync(session, it.Promotion)));

    /// <summary>With what would become of the targets, by the same plan that applying it carries out.</summary>
    private static async ValueTask<PromotionView> WithTargetsAsync(RegistrySession session, PromotionPolicy policy, Promotion promotion, ModelVersion? version, PromotionView view)
    {
        if (view.Status is not ("pending" or "approved") || version is null)
            return view;
        var moves = await TargetMoves.PlanAsync(session, policy, promotion, await StageMoves.PlanAsync(session, policy, version, promotion));
        return view with { Targets = [.. moves.Select(move => move.ToView())] };
    }

    private PromotionView View(Promotion p, long versionNumber, Requirement? requirement, IReadOnlyList<Approver>? approvers = null, DateTimeOffset? now = null)
    {
        // Time alone ends a promotion; that it is not yet written does not make it live.
        var state = p.IsLive && now >= p.Deadline ? PromotionState.Expired : p.State;
        var live = state is PromotionState.Pending or PromotionState.Approved;
        var missing = state == PromotionState.Pending && requirement is not null ? p.QuorumMissing(requirement, approvers ?? []) : [];
        return new PromotionView(
            p.Id, Word(state), p.Statement.Kind.ToString().ToLowerInvariant(), p.Statement.ModelName, p.Statement.VersionLabel, versionNumber, p.Statement.FromStage, p.Statement.ToStage,
            p.Statement.Serving?.Label, p.Revision, Gates(p.Gates), Required(requirement), missing,
            [.. p.Decisions.Select(d => new DecisionView(d.Person.Name, d.Verdict.ToString().ToLowerInvariant(), Word(d.Proof.Assurance), d.Proof.Channel, d.Revision, d.Revision == p.Revision, d.Comment, d.At))],
            p.Statement.Proposer.Name, p.Statement.Owner.Name, p.Reason, p.RequestedAt, live ? p.Deadline : null, p.EndedAt, p.Note,
            live ? _pages.Promotion(p.Id) : null, live && InTerminal(p, requirement) ? _options.Command($"approve {p.Id}") : null, Next(p, state, missing, InTerminal(p, requirement)), GlassOf(p),
            p.Statement.Deployment is { } d ? new TargetWishView(d.Target, d.Stage, System.Text.Json.Nodes.JsonNode.Parse(d.Configuration)!.AsObject()) : null);
    }

    /// <summary>Whether a passphrase on a terminal could decide it: not where a signature is asked for, nor what a gate stops.</summary>
    private static bool InTerminal(Promotion p, Requirement? requirement) => p.Gates.Holds && requirement?.Assurance != Assurance.Signed;

    private PromotionView Blocked(Promotion p, ModelVersion version) => View(p, version.Number, p.Requirement) with
    {
        PromotionId = null,
        Status = "blocked",
        ApproveUrl = null,
        ApproveCommand = null,
        ExpiresAt = null,
        Missing = [],
        Next = $"Nothing was parked. Mend what the gates found ({Unmet(p.Gates)}) and propose again.",
    };

    private static string Next(Promotion p, PromotionState state, IReadOnlyList<string> missing, bool inTerminal) => state switch
    {
        PromotionState.Pending when !p.Gates.Holds => $"A gate stops it ({Unmet(p.Gates)}), whoever approves. In an emergency a listed person breaks the glass on its page.",
        PromotionState.Pending when !inTerminal => $"Waits for a person ({string.Join(", ", missing)}) to sign it with a passkey. Tell them the approve page; get_promotion shows what came of it.",
        PromotionState.Pending => $"Waits for a person ({string.Join(", ", missing)}) to decide. Tell them the approve command; get_promotion shows what came of it.",
        PromotionState.Approved => "Approved; it is being applied.",
        PromotionState.Applied when p.Glass is { Review: null } => $"{p.Statement.VersionLabel} is in {p.Statement.ToStage}: {p.Glass.Person.Name} broke the glass, and another approver owes it a review.",
        PromotionState.Applied when p.Statement.Deployment is { } deployed => $"{p.Statement.VersionLabel} is deployed on {deployed.Target}.",
        PromotionState.Applied => p.Statement.Kind == PromotionKind.Rollback ? $"{p.Statement.VersionLabel} serves {p.Statement.ToStage} again." : $"{p.Statement.VersionLabel} is in {p.Statement.ToStage}.",
        PromotionState.Rejected => "It was rejected; read the comment before proposing again.",
        PromotionState.Expired => "It expired undecided or unapplied; propose again if it is still wanted.",
        PromotionState.Superseded => $"It no longer fits what is true: {p.Note} Propose again if it is still wanted.",
        PromotionState.Failed => $"It was approved but not applied: {p.Note} Nothing moved.",
        PromotionState.Revoked => "The approval was taken back before it was applied.",
        _ => "It was withdrawn.",
    };

    private async ValueTask<ReviewView> ReviewViewAsync(RegistrySession session, PromotionCase it)
    {
        var statement = it.Promotion.Statement;
        var serving = statement.Serving is { } s ? await session.FindVersionAsync(s.VersionId) : null;
        var metrics = it.Version is null ? [] : Comparison.Metrics(it.Policy, serving is null ? [it.Version] : [serving, it.Version]);
        var now = it.Version is null ? [] : await session.FilesAsync(it.Version.Id);
        var before = serving is null ? [] : await session.FilesAsync(serving.Id);
        return new ReviewView(await ViewAsync(session, it), statement.ToJson(), statement.Digest.Hex, metrics, [.. FilesChanged(before, now)],
            it.Version is null ? it.Model.Card : ModelCard.Of(it.Version.Metadata, it.Model.Card), it.Promotion.Client,
            [.. (await session.PersonsAsync()).Where(p => it.Promotion.MayBeDecidedBy(p.ToApprover(), it.Effective)).Select(p => p.Name)]);
    }

    private static IEnumerable<string> FilesChanged(IReadOnlyList<FileEntry> before, IReadOnlyList<FileEntry> now)
    {
        var old = before.ToDictionary(f => f.Path);
        foreach (var file in now)
            if (!old.TryGetValue(file.Path, out var was))
                yield return $"+ {file.Path} ({Size(file.Size)}, sha256 {file.Sha256.Hex[..12]}…)";
            else if (was.Sha256 != file.Sha256)
                yield return $"~ {file.Path} ({Size(was.Size)} → {Size(file.Size)}, sha256 {file.Sha256.Hex[..12]}…)";
        foreach (var file in before.Where(f => now.All(n => n.Path != f.Path)))
            yield return $"- {file.Path}";
    }

    private static string Size(long bytes) => bytes < 1024 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB");

    private static GateView[] Gates(GateReport report) => [.. report.Findings.Select(f => new GateView(f.Rule, f.Verdict.ToString().ToLowerInvariant(), f.Measured, f.Threshold))];

    private static RequiredView? Required(Requirement? r) => r is null or { Approvals.Count: 0 } ? null
        : new RequiredView([.. r.Approvals.Select(a => new ApprovalsView(a.Role, a.Count))], Word(r.Assurance), r.FourEyes);

    private static string Word(PromotionState state) => state.ToString().ToLowerInvariant();

    private static string Word(Assurance assurance) => assurance.ToString().ToLowerInvariant();
}
