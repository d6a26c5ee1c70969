using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Deciding and what follows: apply, withdraw, revoke.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>
    /// Brings a promotion up to date and shows the statement as it will be hashed. Deciding on anything else than what
    /// is shown here is refused.
    /// </summary>
    public Task<Outcome<ReviewView>> ReviewAsync(Actor by, string promotionId, CancellationToken cancel = default) =>
        _db.WriteAsync<ReviewView>(by, new AuditAct("promotion.review", "promotion", promotionId), async session =>
        {
            if (Permissions.Check(by, Permission.Read) is { } no)
                return no;
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return Refusals.PromotionNotFound(promotionId);
            await it.BringUpToDateAsync();
            return new Written<ReviewView>(await ReviewViewAsync(session, it) with { Obstacle = await ObstacleAsync(session, it, by), MayBreakGlass = by.IsPerson && it.Policy.BreakGlass.Contains(by.Name, StringComparer.OrdinalIgnoreCase) }, it.Acts, it.Acts.Count == 0 ? [] : it.Changes);
        }, cancel);

    /// <summary>
    /// Why whoever looks could not approve these promotions, by id, as <see cref="ReviewView.Obstacle"/> says it of one; those
    /// that nothing stands against are not among them. One read, and nothing is brought up to date.
    /// </summary>
    public async Task<Outcome<IReadOnlyDictionary<string, Refusal>>> ObstaclesAsync(Actor by, IReadOnlyList<string> promotionIds, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<IReadOnlyDictionary<string, Refusal>>>(async session =>
        {
            var obstacles = new Dictionary<string, Refusal>();
            foreach (var id in promotionIds)
                if (await PromotionCase.OpenAsync(session, _policies, id) is { } it && await ObstacleAsync(session, it, by) is { } obstacle)
                    obstacles[id] = obstacle;
            return obstacles;
        }, cancel);
    }

    /// <summary>
    /// Takes a person's decision. When it completes the quorum the files are hashed again, outside any lock, and the
    /// promotion is applied.
    /// </summary>
    public async Task<Outcome<PromotionView>> DecideAsync(Actor person, DecisionRequest request, CancellationToken cancel = default)
    {
        var decided = await _db.WriteAsync<PromotionView>(person, Attempt(request), session => DecideAsync(session, person, request), cancel);
        return decided.Refusal is null && decided.Value.Status == "approved" ? await ApplyAsync(person, request.PromotionId) : decided;
    }

    /// <summary>Puts on record that a machine tried to decide, and says no.</summary>
    public Task<Outcome<PromotionView>> RefuseMachineAsync(Actor by, string promotionId, DecisionVerdict verdict, CancellationToken cancel = default) =>
        _db.WriteAsync<PromotionView>(by, new AuditAct("promotion.decide", "promotion", promotionId, null, new JsonObject { ["decision"] = verdict.ToString().ToLowerInvariant() }),
            async session => await session.FindPromotionAsync(promotionId) is null ? Refusals.PromotionNotFound(promotionId) : Refusals.PersonRequired(Permission.Decide), cancel);

    /// <summary>The proposer, its owner or any approver takes back what is pending.</summary>
    public Task<Outcome<PromotionView>> WithdrawAsync(Actor by, string promotionId, string? reason, CancellationToken cancel = default) =>
        EndAsync(by, promotionId, reason, "promotion.withdraw", (promotion, by, now) => Permissions.Check(by, Permission.Propose) is { } no && !by.IsPerson ? no : promotion.Withdraw(by, now), cancel);

    /// <summary>An approver takes back an approval that has not been applied.</summary>
    public Task<Outcome<PromotionView>> RevokeAsync(Actor person, string promotionId, string? reason, CancellationToken cancel = default) =>
        EndAsync(person, promotionId, reason, "promotion.revoke", (promotion, by, now) => promotion.Revoke(by, now), cancel);

    /// <summary>Applies what was approved but whose process died before it could; called when a registry is opened for writing.</summary>
    public async Task<int> FinishApprovedAsync(CancellationToken cancel = default)
    {
        var approved = await _db.ReadAsync(session => session.ApprovedPromotionIdsAsync(), cancel);
        foreach (var id in approved)
        {
            cancel.ThrowIfCancellationRequested();
            await FinishAsync(id);
        }
        return approved.Count;
    }

    /// <summary>Applies one that was approved, on behalf of a process that could not.</summary>
    internal Task FinishAsync(string promotionId) => ApplyAsync(Actor.Registry, promotionId, unasked: true);

    /// <summary>The rule of a decision asked beforehand, with the best proof there could be.</summary>
    private static async ValueTask<Refusal?> ObstacleAsync(RegistrySession session, PromotionCase it, Actor by)
    {
        if (!by.IsPerson || it.Promotion.State != PromotionState.Pending || await session.FindActorAsync(by.Id) is not { } person)
            return null;
        var (digest, verdict) = (it.Promotion.Statement.Digest, DecisionVerdict.Approve);
        var proof = new Proof(ProofMethod.Passkey, "", "", person.Since, session.Now) { Signed = new SignedDecision(Promotion.Word(verdict), digest) };
        return it.Promotion.Decide(by with { SessionOnly = false }, person.ToApprover(), new Decision("", it.Promotion.Revision, person.Ref, verdict, "", proof, digest, session.Now), it.Effective, await ApproversAsync(session, it.Promotion), session.Now).Refusal;
    }

    /// <summary>Ends a promotion whose time is up; nothing is done to any other. Gives whether it was.</summary>
    internal Task<Outcome<bool>> EndIfOverAsync(string promotionId, CancellationToken cancel) =>
        _db.WriteAsync<bool>(Actor.Registry, new AuditAct("promotion.expire", "promotion", promotionId), async session =>
        {
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return new Written<bool>(false, [], []);
            await it.EndIfOverAsync();
            return new Written<bool>(it.Acts.Count > 0, it.Acts, it.Acts.Count > 0 ? it.Changes : []);
        }, cancel);

    private async ValueTask<Outcome<Written<PromotionView>>> DecideAsync(RegistrySession session, Actor person, DecisionRequest request)
    {
        if (Permissions.Check(person, Permission.Decide) is { } no)
            return no;
        if (request.Comment.Length > 4000)
            return Refusals.InvalidArgument("comment", "at most 4,000 characters");
        if (await PromotionCase.OpenAsync(session, _policies, request.PromotionId) is not { } it)
            return Refusals.PromotionNotFound(request.PromotionId);
        await it.BringUpToDateAsync();
        if (it.Acts.Count > 0)
            // It expired, was superseded or needs a new look: that stands, and the decision does not.
            return new Written<PromotionView>(Outdated(it), it.Acts, it.Changes);
        if (await session.FindActorAsync(person.Id) is not { Kind: ActorKind.Person } stored)
            return Refusals.PersonRequired(Permission.Decide);
        var checkedProof = await Identity.People.CheckProofAsync(session, stored, request.Proof);
        if (checkedProof.Refusal is { } unproven)
            return unproven;
        var proof = checkedProof.Value;
        if (request.Verdict == DecisionVerdict.Approve && it.Promotion.State == PromotionState.Pending && await it.JudgeAsync() is { Holds: false } failing)
            return Refusals.GatesUnmet(request.PromotionId, Unmet(failing));

        var decision = new Decision(Ids.New("dec", session.Now), request.Revision, stored.Ref, request.Verdict, request.Comment.Trim(), proof,
            Digest.TryParse(request.StatementDigest, out var digest) ? digest : default, session.Now);
        var decided = it.Promotion.Decide(person, stored.ToApprover(), decision, it.Effective, await ApproversAsync(session, it.Promotion), session.Now);
        if (decided.Refusal is { } refused)
            return refused;
        await session.InsertDecisionAsync(it.Promotion.Id, decision);
        await it.StepAsync(decided, "promotion.decide", Facts(decision), Words(decision));
        return new Written<PromotionView>(await ViewAsync(session, it), it.Acts, it.Changes);
    }

    /// <summary>
    /// Hashes every file again, then in one transaction holds the policy against it once more and swaps what serves. Not
    /// to be cancelled: the decision stands, and whoever made it may have closed their page.
    /// </summary>
    /// <param name="unasked">Whether this process only found it approved: what its own vault lacks, another's may have.</param>
    private async Task<Outcome<PromotionView>> ApplyAsync(Actor by, string promotionId, bool unasked = false)
    {
        var manifest = await RehashAsync(promotionId);
        if (unasked && manifest.Refusal is { Code: "blob_missing" } elsewhere)
            return elsewhere;

        return await _db.WriteAsync<PromotionView>(by, new AuditAct("promotion.apply", "promotion", promotionId), async session =>
        {
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return Refusals.PromotionNotFound(promotionId);
            if (it.Promotion.State != PromotionState.Approved)
                return new Written<PromotionView>(await ViewAsync(session, it), [], []);
            await it.BringUpToDateAsync();
            if (it.Promotion.State != PromotionState.Approved)
                return new Written<PromotionView>(Outdated(it), it.Acts, it.Changes);
            if (await WhyNotAsync(session, it, manifest) is { } why)
            {
                await it.StepAsync(it.Promotion.To(PromotionState.Failed, session.Now, why), "promotion.fail");
                return new Written<PromotionView>(Refusals.ApplyFailed(promotionId, why), it.Acts, it.Changes);
            }
            // The domain's own word on it, before anything moves.
            var applied = it.Promotion.Apply(it.Effective, await ApproversAsync(session, it.Promotion), await it.JudgeAsync(), session.Now);
            if (applied.Refusal is { } no)
                return no;
            var moved = await StageMoves.MoveAsync(session, it.Policy, it.Version!, it.Promotion);
            await it.StepAsync(applied, "promotion.apply", moved);
            return new Written<PromotionView>(await ViewAsync(session, it), it.Acts, [.. it.Changes, new FeedChange("serving", it.Model.Id, it.Promotion.Statement.ToStage)]);
        }, CancellationToken.None);
    }

    /// <summary>Hashes every file of the candidate, outside any lock; the manifest they make, or what is damaged.</summary>
    private async Task<Outcome<Manifest>> RehashAsync(string promotionId)
    {
        var files = await _db.ReadAsync(async session => await session.FindPromotionAsync(promotionId) is { } p ? await session.FilesAsync(p.Promotion.Statement.VersionId) : [], CancellationToken.None);
        Refusal? damage = files.Count == 0 ? Refusals.ContentMissing : null;
        foreach (var file in files)
            damage ??= (await _vault.VerifyAsync(file.Sha256, file.Size, null, CancellationToken.None)).Refusal;
        return damage is null ? Manifest.Of(files) : damage;
    }

    /// <summary>What stands between an approval and its application; null when nothing does.</summary>
    private static async ValueTask<string?> WhyNotAsync(RegistrySession session, PromotionCase it, Outcome<Manifest> manifest)
    {
        if (manifest.Refusal is { } damage)
            return $"the content is not what was approved: {damage.Message}";
        if (manifest.Value.Digest != it.Promotion.Statement.ManifestDigest)
            return "the files are not those that were approved.";
        if (PromotionCase.Metadata(it.Version!, it.Model, await PromotionCase.ComparedAsync(session, it.Promotion.Statement)) != it.Promotion.Statement.MetadataDigest)
            return "the metadata changed after the approval.";
        if (it.Model.Name != it.Promotion.Statement.ModelName)
            return $"the model is named '{it.Model.Name}' since the approval.";
        if (await it.JudgeAsync() is { Holds: false } failing)
            return $"a gate no longer holds: {Unmet(failing)}.";
        var missing = it.Promotion.QuorumMissing(it.Effective, await ApproversAsync(session, it.Promotion));
        return missing.Count > 0 ? $"the approvals no longer suffice: {string.Join(", ", missing)} missing." : null;
    }

    private Task<Outcome<PromotionView>> EndAsync(Actor by, string promotionId, string? reason, string verb, Func<Promotion, Actor, DateTimeOffset, Outcome<Promotion>> end, CancellationToken cancel) =>
        _db.WriteAsync<PromotionView>(by, new AuditAct(verb, "promotion", promotionId, null, null, AuditAct.Said(reason)), async session =>
        {
            if (by.SessionOnly)
                return Refusals.ProofRequired;
            if (reason is { Length: > 4000 })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return Refusals.PromotionNotFound(promotionId);
            await it.BringUpToDateAsync();
            // A person with the roles they have now; who was disabled meanwhile has none.
            var now = by.IsPerson ? by with { Roles = await session.FindActorAsync(by.Id) is { Kind: ActorKind.Person, DisabledAt: null } person ? person.Roles : [] } : by;
            var ended = by.IsPerson && now.Roles.Count == 0 ? Refusals.RoleMissing(by.Name, [Permissions.Approver]) : end(it.Promotion, now, session.Now);
            if (ended.Refusal is { } no)
                return it.Acts.Count > 0 ? new Written<PromotionView>(no, it.Acts, it.Changes) : no;
            await it.StepAsync(ended, verb, null, AuditAct.Said(reason));
            return new Written<PromotionView>(await ViewAsync(session, it), it.Acts, it.Changes);
        }, cancel);

    private static Refusal Outdated(PromotionCase it) => it.Promotion.IsLive ? Refusals.StatementChanged(it.Promotion.Id, it.Promotion.Revision) : it.Promotion.NotPending;

    /// <summary>Everybody who approved, as they are now: a role taken away or a person disabled no longer counts.</summary>
    private static async ValueTask<IReadOnlyList<Approver>> ApproversAsync(RegistrySession session, Promotion promotion)
    {
        var approvers = new List<Approver>();
        foreach (var approval in promotion.Approvals.DistinctBy(d => d.Person.Id))
            // What was approved with a credential that was taken back since may not have been its person's word.
            if (await session.FindActorAsync(approval.Person.Id) is { } person && (approval.Proof.CredentialId.Length == 0 || await session.FindCredentialAsync(approval.Proof.CredentialId) is { RevokedAt: null }))
                approvers.Add(person.ToApprover());
        return approvers;
    }

    private static AuditAct Attempt(DecisionRequest request) => new("promotion.decide", "promotion", request.PromotionId, null, new JsonObject
    {
        ["decision"] = request.Verdict.ToString().ToLowerInvariant(),
        ["assurance"] = request.Proof.Assurance.ToString().ToLowerInvariant(),
        ["channel"] = request.Proof.Channel,
    });

    private static JsonObject Facts(Decision d) => new()
    {
        ["decision_id"] = d.Id,
        ["person_id"] = d.Person.Id,
        ["decision"] = d.Verdict.ToString().ToLowerInvariant(),
        ["assurance"] = d.Proof.Assurance.ToString().ToLowerInvariant(),
        ["method"] = d.Proof.Method.ToString().ToLowerInvariant(),
        ["channel"] = d.Proof.Channel,
        ["credential_id"] = d.Proof.CredentialId,
        ["proven_at"] = Times.Text(d.Proof.ProvenAt),
        ["decided_statement_sha256"] = d.StatementDigest.Hex,
    };

    private static Dictionary<string, string> Words(Decision d)
    {
        var words = new Dictionary<string, string> { ["person"] = d.Person.Name };
        if (d.Comment.Length > 0)
            words["comment"] = d.Comment;
        if (d.Proof.Agent is { } agent)
            words["agent"] = agent;
        return words;
    }

    private static string Unmet(GateReport report) => string.Join("; ", report.Findings.Where(f => !f.Holds).Select(f => $"{f.Rule}: {f.Measured} (asked: {f.Threshold})"));
}
