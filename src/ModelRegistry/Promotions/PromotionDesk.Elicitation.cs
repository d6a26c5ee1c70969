using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>Where a person is to answer.</summary>
public enum QuestionPlace
{
    /// <summary>In a form that the client shows.</summary>
    Form,
    /// <summary>On the Decide page, where the client leads them.</summary>
    Page,
}

/// <summary>A question to put to the person at the client: the state that must come back with the answer.</summary>
/// <param name="RequestState">Opaque to the client.</param>
public sealed record QuestionView(PromotionView Promotion, string RequestState);

/// <summary>Deciding through a client's dialog, where the stage takes <c>attested</c>.</summary>
public sealed partial class PromotionDesk
{
    /// <summary>
    /// Prepares the question. A form is refused where its answer would not be enough, or the owner may not decide; nothing is
    /// changed.
    /// </summary>
    /// <param name="argumentsDigest">Over the tool's arguments: an answer counts only for the same call.</param>
    public Task<Outcome<QuestionView>> AskAsync(Actor agent, string promotionId, string argumentsDigest, QuestionPlace place = QuestionPlace.Form, CancellationToken cancel = default) =>
        _db.WriteAsync<QuestionView>(agent, new AuditAct("promotion.ask", "promotion", promotionId), async session =>
        {
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return Refusals.PromotionNotFound(promotionId);
            await it.BringUpToDateAsync();
            var no = Permissions.Check(agent, Permission.Propose, it.Model.Name) is { } unfit ? unfit
                : it.Promotion.State != PromotionState.Pending ? it.Promotion.NotPending
                : place == QuestionPlace.Page ? null
                : it.Effective.Assurance > Assurance.Attested ? Refusals.AssuranceTooLow(Assurance.Attested, it.Effective.Assurance)
                : agent.Owner is not { } owner || await session.FindActorAsync(owner.Id) is not { Kind: ActorKind.Person, DisabledAt: null } person ? Refusals.NoOwner
                : !person.Roles.Contains(Permissions.Approver) ? Refusals.RoleMissing(person.Name, [Permissions.Approver])
                : null;
            if (no is not null)
                return it.Acts.Count > 0 ? new Written<QuestionView>(no, it.Acts, it.Changes) : no;
            return new Written<QuestionView>(new QuestionView(await ViewAsync(session, it), await _questions.OpenAsync(session, agent, it.Promotion, argumentsDigest, place)), it.Acts, it.Acts.Count > 0 ? it.Changes : []);
        }, cancel);

    /// <summary>
    /// Takes the answer that came back. It is the decision of the agent's owner, worth <c>attested</c>: the client program
    /// said so. The state must be one given to this caller for this promotion and these arguments, in time, and unused; it
    /// is used up also when the decision is then refused.
    /// </summary>
    public async Task<Outcome<PromotionView>> AnswerAsync(Actor agent, string promotionId, string argumentsDigest, string? requestState, DecisionVerdict verdict, string comment, CancellationToken cancel = default)
    {
        var attempt = new AuditAct("promotion.decide", "promotion", promotionId, null, new JsonObject { ["decision"] = verdict.ToString().ToLowerInvariant(), ["assurance"] = "attested", ["channel"] = "mcp" });
        // In a transaction of its own: a refusal undoes what it changed, and the state must stay used.
        var closed = await _db.WriteAsync<ElicitedQuestion>(agent, attempt, async session =>
            await _questions.CloseAsync(session, agent, promotionId, argumentsDigest, QuestionPlace.Form, requestState) is { } question
                ? new Written<ElicitedQuestion>(question, [new AuditAct("promotion.answer", "promotion", promotionId, null, attempt.Facts)], [])
                : Refusals.ElicitationStateInvalid, cancel);
        if (closed.Refusal is { } unasked)
            return unasked;
        var decided = await _db.WriteAsync<PromotionView>(agent, attempt, async session =>
        {
            var statement = (await session.FindPromotionAsync(promotionId))?.Promotion.Statement;
            if (statement is not null && Permissions.Check(agent, Permission.Propose, (await session.GetModelAsync(statement.ModelId)).Name) is { } no)
                return no;
            if (agent.Owner is not { } owner || await session.FindActorAsync(owner.Id) is not { Kind: ActorKind.Person, DisabledAt: null } person)
                return Refusals.NoOwner;
            var decider = new Actor(person.Id, person.Name, ActorKind.Person, person.Roles, [], null, agent.Client, null, agent.Door);
            var proof = new Proof(ProofMethod.Elicitation, "mcp", "", person.Since, session.Now, agent.Client, agent.Name);
            return await DecideAsync(session, decider, new DecisionRequest(promotionId, closed.Value.Revision, closed.Value.StatementDigest, verdict, comment, proof));
        }, cancel);
        return decided.Refusal is null && decided.Value.Status == "approved" ? await ApplyAsync(agent, promotionId) : decided;
    }

    /// <summary>
    /// Puts on record that a question came back without a decision, and uses its state up: whoever declined is not made to
    /// approve with the same state later. The promotion stays as it is.
    /// </summary>
    /// <param name="answer">What the client said: <c>decline</c>, <c>cancel</c>, <c>unclear</c>, or <c>accept</c> to be led to the page.</param>
    public Task<Outcome<PromotionView>> DismissAsync(Actor agent, string promotionId, string argumentsDigest, string? requestState, string answer, QuestionPlace place = QuestionPlace.Form, CancellationToken cancel = default)
    {
        var act = new AuditAct("promotion.dismiss", "promotion", promotionId, null, new JsonObject { ["answer"] = answer, ["channel"] = "mcp" });
        return _db.WriteAsync<PromotionView>(agent, act, async session =>
        {
            if (await _questions.CloseAsync(session, agent, promotionId, argumentsDigest, place, requestState) is null)
                return Refusals.ElicitationStateInvalid;
            if (await PromotionCase.OpenAsync(session, _policies, promotionId) is not { } it)
                return Refusals.PromotionNotFound(promotionId);
            await it.BringUpToDateAsync();
            return new Written<PromotionView>(await ViewAsync(session, it), [act with { ModelId = it.Model.Id }, .. it.Acts], it.Acts.Count > 0 ? it.Changes : []);
        }, cancel);
    }
}
