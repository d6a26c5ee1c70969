using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Breaking the glass, and the review that is owed for it.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>
    /// Applies a pending promotion at once on one listed person's signature, past quorum, four eyes and gates. The files are
    /// hashed again as for any other; what serves is compared and swapped. A review is owed from then on.
    /// </summary>
    public async Task<Outcome<PromotionView>> BreakGlassAsync(Actor person, BreakGlassRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("glass.break", "promotion", request.PromotionId, null,
            new JsonObject { ["assurance"] = Word(request.Proof.Assurance), ["channel"] = request.Proof.Channel }, AuditAct.Said(request.Reason));
        // Only who could break it makes the registry hash files.
        var manifest = person.IsPerson && request.Proof.Assurance == Assurance.Signed ? await RehashAsync(request.PromotionId) : Refusals.ContentMissing;
        return await _db.WriteAsync<PromotionView>(person, attempt, async session =>
        {
            if (!person.IsPerson)
                return Refusals.GlassNeedsPerson;
            if (Permissions.Check(person, Permission.Decide) is { } no)
                return no;
            if (request.Reason is { Length: > 4000 })
                return Refusals.InvalidArgument("reason", "at most 4,000 characters");
            if (await PromotionCase.OpenAsync(session, _policies, request.PromotionId) is not { } it)
                return Refusals.PromotionNotFound(request.PromotionId);
            await it.BringUpToDateAsync();
            if (it.Acts.Count > 0)
                return new Written<PromotionView>(Outdated(it), it.Acts, it.Changes);
            if (await session.FindActorAsync(person.Id) is not { Kind: ActorKind.Person } stored)
                return Refusals.GlassNeedsPerson;
            var proof = await Identity.People.CheckProofAsync(session, stored, request.Proof);
            if (proof.Refusal is { } unproven)
                return unproven;
            // Listed when it was proposed, too: nobody is let past a gate by a policy that came after it.
            if (it.Promotion.IsLive && await session.PolicyAtAsync(it.Promotion.RequestedAt) is { } then && PolicyReader.Parse(then.Json) is { Refusal: null } before && !before.Value.Trusts(stored.Ref))
                return Refusals.GlassNotTrusted(stored.Name);
            var report = it.Version is null ? new GateReport([]) : await it.JudgeAsync();
            var glass = new GlassBreak(stored.Ref, request.Reason.Trim(), proof.Value, Digest.TryParse(request.StatementDigest, out var digest) ? digest : default, session.Now);
            var broken = it.Promotion.BreakGlass(person, stored.ToApprover(), glass, it.Policy, it.Effective, report, session.Now);
            if (broken.Refusal is { } refused)
                return refused;
            if (manifest.Refusal is { } damage)
                return Refusals.GlassContent(request.PromotionId, damage.Message);
            if (manifest.Value.Digest != it.Promotion.Statement.ManifestDigest)
                return Refusals.GlassContent(request.PromotionId, "the files are not those of its statement.");

            var missing = it.Promotion.QuorumMissing(it.Effective, await ApproversAsync(session, it.Promotion));
            var moved = await StageMoves.MoveAsync(session, it.Policy, it.Version!, it.Promotion);
            await session.InsertGlassAsync(request.PromotionId, broken.Value.Glass!);
            await it.StepAsync(broken, "glass.break", Facts(moved, broken.Value.Glass!, missing, report), new Dictionary<string, string> { ["person"] = stored.Name, ["reason"] = glass.Reason });
            return new Written<PromotionView>(await ViewAsync(session, it), it.Acts,
                [.. it.Changes, new FeedChange("serving", it.Model.Id, it.Promotion.Statement.ToStage), new FeedChange("glass", it.Model.Id, request.PromotionId)]);
        }, CancellationToken.None);
    }

    /// <summary>Another approver's verdict on a broken glass, given once. It moves nothing: who objects proposes a rollback.</summary>
    public Task<Outcome<GlassReviewView>> ReviewGlassAsync(Actor person, GlassReviewRequest request, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("glass.review", "promotion", request.PromotionId, null, new JsonObject
        {
            ["verdict"] = Word(request.Verdict),
            ["assurance"] = Word(request.Proof.Assurance),
            ["channel"] = request.Proof.Channel,
        });
        return _db.WriteAsync<GlassReviewView>(person, attempt, async session =>
        {
            if (Permissions.Check(person, Permission.Decide) is { } no)
                return no;
            if (request.Comment.Length > 4000)
                return Refusals.InvalidArgument("comment", "at most 4,000 characters");
            if (await session.FindPromotionAsync(request.PromotionId) is not { } stored)
                return Refusals.PromotionNotFound(request.PromotionId);
            if (await session.FindActorAsync(person.Id) is not { Kind: ActorKind.Person } now)
                return Refusals.PersonRequired(Permission.Decide);
            var proof = await Identity.People.CheckProofAsync(session, now, request.Proof);
            if (proof.Refusal is { } unproven)
                return unproven;
            var review = new GlassReview(now.Ref, request.Verdict, request.Comment.Trim(), proof.Value, session.Now);
            var reviewed = stored.Promotion.ReviewGlass(person, now.ToApprover(), review, session.Now);
            if (reviewed.Refusal is { } refused)
                return refused;
            if (!await session.ReviewGlassAsync(request.PromotionId, reviewed.Value.Glass!.Review!))
                return Refusals.ChangedMeanwhile("The review");
            var words = new Dictionary<string, string> { ["person"] = now.Name };
            if (review.Comment.Length > 0)
                words["comment"] = review.Comment;
            var modelId = stored.Promotion.Statement.ModelId;
            var act = attempt with { ModelId = modelId, Facts = Facts(reviewed.Value.Glass!), Erasable = words };
            return new Written<GlassReviewView>(ToReview(reviewed.Value), [act], [new FeedChange("glass", modelId, request.PromotionId), new FeedChange("promotion", modelId, request.PromotionId)]);
        }, cancel);
    }

    /// <summary>Broken glasses, newest first.</summary>
    /// <param name="owed">Only those whose review is owed.</param>
    public async Task<Outcome<Page<GlassReviewView>>> GlassReviewsAsync(Actor by, bool owed = true, int limit = 20, string? cursor = null, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Cursor.Limit(limit).Refusal is { } tooMany)
            return tooMany;
        if (cursor is not null && Cursor.Read(cursor, 1) is null)
            return Refusals.CursorInvalid;
        return await _db.ReadAsync<Outcome<Page<GlassReviewView>>>(async session =>
        {
            var rows = await session.BrokenGlassAsync(owed, cursor is null ? null : Cursor.Read(cursor, 1)![0], limit + 1);
            return new Page<GlassReviewView>([.. rows.Take(limit).Select(r => ToReview(r.Promotion))], rows.Count > limit ? Cursor.Write(rows[limit - 1].Promotion.Id) : null);
        }, cancel);
    }

    /// <summary>One broken glass, reviewed or not.</summary>
    public async Task<Outcome<GlassReviewView>> GetGlassAsync(Actor by, string promotionId, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<GlassReviewView>>(async session => await session.FindPromotionAsync(promotionId) is not { } stored ? Refusals.PromotionNotFound(promotionId)
            : stored.Promotion.Glass is null ? Refusals.GlassNotBroken(promotionId) : ToReview(stored.Promotion), cancel);
    }

    /// <summary>Puts on record that the glass was to be broken where nobody can sign, and says no.</summary>
    public Task<Outcome<PromotionView>> RefuseGlassAsync(Actor by, string promotionId, string? reason, CancellationToken cancel = default) =>
        _db.WriteAsync<PromotionView>(by, new AuditAct("glass.break", "promotion", promotionId, null, null, AuditAct.Said(reason)),
            async session => await session.FindPromotionAsync(promotionId) is null ? Refusals.PromotionNotFound(promotionId) : Refusals.GlassNeedsSignature, cancel);

    private GlassReviewView ToReview(Promotion p)
    {
        var (glass, s) = (p.Glass!, p.Statement);
        var open = glass.Review is null;
        return new GlassReviewView(p.Id, open ? "open" : Word(glass.Review!.Verdict), Word(s.Kind), s.ModelName, s.VersionLabel, s.FromStage, s.ToStage, s.Serving?.Label, Required(p.Requirement),
            Gates(new GateReport([.. p.Gates.Findings.Where(f => !f.Holds)])), GlassOf(p)!, s.Digest.Hex, [.. new[] { glass.Person.Name, s.Owner.Name, s.Proposer.Name }.Distinct()],
            open ? _pages.Promotion(p.Id) : null, open ? _options.Command($"review {p.Id}") : null,
            open ? "Another approver than these says whether it was right (review)."
                : glass.Review!.Verdict == GlassVerdict.Upheld ? "It was reviewed and upheld." : "It was objected to. Nothing moved by that: propose a rollback if it should not serve.");
    }

    private static GlassView? GlassOf(Promotion p) => p.Glass is not { } g ? null : new GlassView(g.Person.Name, g.Reason, Word(g.Proof.Assurance), g.Proof.Channel, g.At,
        g.Review is not { } r ? null : new GlassVerdictView(r.Person.Name, Word(r.Verdict), r.Comment, Word(r.Proof.Assurance), r.Proof.Channel, r.At));

    private static JsonObject Facts(JsonObject moved, GlassBreak glass, IReadOnlyList<string> missing, GateReport report)
    {
        moved["break_glass"] = true;
        moved["person_id"] = glass.Person.Id;
        moved["assurance"] = Word(glass.Proof.Assurance);
        moved["channel"] = glass.Proof.Channel;
        moved["credential_id"] = glass.Proof.CredentialId;
        moved["proven_at"] = Times.Text(glass.Proof.ProvenAt);
        moved["decided_statement_sha256"] = glass.StatementDigest.Hex;
        moved["quorum_missing"] = new JsonArray([.. missing.Select(m => (JsonNode)m)]);
        moved["gates"] = report.ToJson();
        return moved;
    }

    private static JsonObject Facts(GlassBreak glass) => new()
    {
        ["verdict"] = Word(glass.Review!.Verdict),
        ["person_id"] = glass.Review.Person.Id,
        ["broken_by"] = glass.Person.Id,
        ["assurance"] = Word(glass.Review.Proof.Assurance),
        ["method"] = Word(glass.Review.Proof.Method),
        ["channel"] = glass.Review.Proof.Channel,
        ["credential_id"] = glass.Review.Proof.CredentialId,
        ["proven_at"] = Times.Text(glass.Review.Proof.ProvenAt),
    };

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
